"""What a person can do about each refusal, in English and Arabic; the key travels in the evidence."""

from __future__ import annotations

from connectors.remedies import COMMON, Remedy, text_of

REMEDIES: dict[str, Remedy] = {
    **COMMON,
    "account_unknown": Remedy(
        "The bot never met this account here: check the linked Telegram id, or look in the group by hand.",
        "لم يصادف البوت هذا الحساب هنا: يُرجى التحقق من معرّف Telegram المربوط، أو النظر في المجموعة يدويًا.",
    ),
    "basic_group": Remedy(
        "Telegram lets no bot do this in a basic group: an admin does it by hand, or upgrades the group to a "
        "supergroup (group settings > chat history for new members > visible).",
        "لا يسمح Telegram للبوتات بذلك في المجموعات العادية: ينفّذه مشرف يدويًا، أو تُرقّى المجموعة إلى "
        "مجموعة خارقة (إعدادات المجموعة > سجل المحادثة للأعضاء الجدد > مرئي).",
    ),
    "bot_account": Remedy(
        "The linked Telegram id belongs to a bot, not to a person. Correct the identity link.",
        "معرّف Telegram المربوط يعود إلى بوت لا إلى شخص. يُصحَّح ربط الهوية.",
    ),
    "bot_itself": Remedy(
        "This is Bawab's own account; it is never a target. Correct the identity link.",
        "هذا حساب بوّاب نفسه ولا يكون هدفًا أبدًا. يُصحَّح ربط الهوية.",
    ),
    "bot_not_in_group": Remedy(
        "Add the bot to the group as an admin who may ban users, or remove the person by hand.",
        "يُضاف البوت إلى المجموعة مشرفًا يحق له حظر المستخدمين، أو يُخرَج الشخص يدويًا.",
    ),
    "creator": Remedy(
        "The group's creator cannot be removed: in Telegram they transfer the ownership (group > edit > "
        "administrators > successor > transfer ownership), then Bawab can remove them.",
        "لا يمكن إخراج منشئ المجموعة: ينقل الملكية بنفسه في Telegram (المجموعة > تعديل > المشرفون > "
        "الخلف > نقل الملكية)، ثم يستطيع بوّاب إخراجه.",
    ),
    "frozen": Remedy(
        "Telegram has frozen the bot's account: the owner of the bot appeals in Telegram, by @SpamBot.",
        "جمّد Telegram حساب البوت: على مالك البوت الاعتراض في Telegram عبر ‎@SpamBot‎.",
    ),
    "group_gone": Remedy(
        "The group was deleted, or the bot never saw it; nothing to do unless it still exists.",
        "حُذفت المجموعة أو لم يرها البوت قط؛ لا شيء مطلوب ما لم تكن موجودة.",
    ),
    "group_moved": Remedy(
        "The group became a supergroup with a new id; Bawab goes on under that id.",
        "صارت المجموعة مجموعة خارقة بمعرّف جديد؛ يواصل بوّاب العمل بذلك المعرّف.",
    ),
    "last_admin": Remedy(
        "The person is the group's only human admin: make somebody else an admin first.",
        "الشخص هو المشرف البشري الوحيد في المجموعة: يُجعل شخص آخر مشرفًا أولًا.",
    ),
    "no_right": Remedy(
        "In the group: administrators > the bot > allow banning users (and adding admins, inviting users); "
        "or remove the person by hand.",
        "في المجموعة: المشرفون > البوت > السماح بحظر المستخدمين (وبإضافة مشرفين ودعوة مستخدمين)؛ أو "
        "يُخرَج الشخص يدويًا.",
    ),
    "not_a_group_id": Remedy(
        "Telegram groups have negative numeric ids; this one is not. Nothing was sent. Correct the registry.",
        "معرّفات مجموعات Telegram أرقام سالبة، وهذا ليس كذلك. لم يُرسل شيء. يُصحَّح سجل المجموعات.",
    ),
    "not_a_user_id": Remedy(
        "Telegram accounts have positive numeric ids; names and numbers are never acted upon. Link it again.",
        "معرّفات حسابات Telegram أرقام موجبة؛ لا يُعمل بالأسماء ولا بأرقام الهاتف. يُعاد ربط الحساب.",
    ),
    "other_instance": Remedy(
        "The step names another bot than this connector's; plan the case again.",
        "تذكر الخطوة بوتًا غير الذي لهذا الموصّل؛ يُعاد تخطيط الحالة.",
    ),
    "successor_outside": Remedy(
        "The successor is not in the group, and a bot cannot add people: let them join first.",
        "الخلف ليس في المجموعة، ولا يستطيع البوت إضافة أحد: ينضم الخلف أولًا.",
    ),
    "too_many_admins": Remedy(
        "The group has as many admins as Telegram allows: take the role from one of them first.",
        "بلغ عدد المشرفين الحدّ الذي يسمح به Telegram: يُسحب الدور من أحدهم أولًا.",
    ),
    "unexpected": Remedy(
        "Telegram refused with words this version does not know; the evidence has them. Tell the operator.",
        "رفض Telegram بعبارة لا يعرفها هذا الإصدار؛ والدليل يذكرها. يُبلَّغ المشغّل.",
    ),
    "unmanageable_admin": Remedy(
        "Somebody else made this person an admin: that admin or the owner takes the role away, then Bawab "
        "can remove them.",
        "عيّن شخصٌ آخر هذا المشرف: يسحب ذلك المشرفُ أو المالكُ الدورَ منه، ثم يستطيع بوّاب إخراجه.",
    ),
}


def remedy_text(key: str, language: str = "en") -> str:
    """Give a remedy in `en` or `ar`; an empty key gives an empty text."""
    return text_of(REMEDIES, key, language)
