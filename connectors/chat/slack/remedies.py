"""What a person can do about each refusal, in English and Arabic; the key travels in the evidence."""

from __future__ import annotations

from connectors.remedies import COMMON, Remedy, text_of

REMEDIES: dict[str, Remedy] = {
    **COMMON,
    "account_unknown": Remedy(
        "Check the Slack user id in the HR record or the identity link: Slack does not know it.",
        "يُرجى التحقق من معرّف مستخدم Slack في سجل الموارد البشرية أو في ربط الهوية: لا يعرفه Slack.",
    ),
    "allow_removal": Remedy(
        "In Slack: Settings & administration > Workspace settings > Permissions > Channel management, let "
        "everyone (or the bot's role) remove members from channels; or ask a workspace admin to do it.",
        "في Slack: إعدادات مساحة العمل > الأذونات > إدارة القنوات، يُسمح للجميع (أو لدور البوت) بإخراج "
        "الأعضاء من القنوات؛ أو يُطلب ذلك من مشرف مساحة العمل.",
    ),
    "allow_user_groups": Remedy(
        "In Slack: Workspace settings > Permissions > User groups, let the bot's role edit user groups.",
        "في Slack: إعدادات مساحة العمل > الأذونات > مجموعات المستخدمين، يُسمح لدور البوت بتعديلها.",
    ),
    "archived": Remedy(
        "The channel is archived; unarchive it to remove the person, or leave it.",
        "القناة مؤرشفة؛ تُلغى أرشفتها لإخراج الشخص أو تُترك كما هي.",
    ),
    "bot_itself": Remedy(
        "This is Bawab's own account; it is never a target. Correct the identity link.",
        "هذا حساب بوّاب نفسه ولا يكون هدفًا أبدًا. يُصحَّح ربط الهوية.",
    ),
    "bot_not_in_channel": Remedy(
        "Invite the bot to the channel (/invite @bawab), or remove the person by hand.",
        "يُدعى البوت إلى القناة (‎/invite @bawab‎) أو يُخرَج الشخص يدويًا.",
    ),
    "channel_gone": Remedy(
        "The channel was deleted or is no longer visible; nothing to do unless it still exists.",
        "حُذفت القناة أو لم تعد مرئية؛ لا شيء مطلوب ما لم تكن موجودة.",
    ),
    "clean_user_group": Remedy(
        "Edit the user group by hand once: take out deactivated members, then let Bawab try again.",
        "تُعدَّل مجموعة المستخدمين يدويًا مرة واحدة: يُخرَج الأعضاء المعطّلون، ثم يعيد بوّاب المحاولة.",
    ),
    "deactivate_guest": Remedy(
        "It is the guest's only channel: deactivate the guest account instead.",
        "هذه القناة الوحيدة للضيف: يُعطَّل حساب الضيف بدلًا من ذلك.",
    ),
    "default_channel": Remedy(
        "Nobody can be removed from the default channel; it ends when the account is deactivated.",
        "لا يمكن إخراج أحد من القناة الافتراضية؛ تنتهي العضوية بتعطيل الحساب.",
    ),
    "enterprise_only": Remedy(
        "This workspace's plan or token does not offer it: do it by hand in Slack's admin pages.",
        "خطة مساحة العمل أو الرمز لا يتيحان ذلك: يُنفَّذ يدويًا في صفحات إدارة Slack.",
    ),
    "external_account": Remedy(
        "The person belongs to another organisation: ask the channel's host, or disconnect it.",
        "ينتمي الشخص إلى مؤسسة أخرى: يُطلب ذلك من مضيف القناة، أو تُفصل تلك المؤسسة.",
    ),
    "fixed_membership": Remedy(
        "Group direct messages cannot lose a member; access ends when the account is deactivated.",
        "الرسائل الجماعية المباشرة لا تفقد أعضاءها؛ ينتهي الوصول بتعطيل الحساب.",
    ),
    "last_member": Remedy(
        "The person is the user group's last member, and Slack keeps no empty group: add a successor, or "
        "disable the user group by hand.",
        "الشخص آخر عضو في مجموعة المستخدمين، ولا يُبقي Slack مجموعة فارغة: يُضاف خلف أو تُعطَّل المجموعة يدويًا.",
    ),
    "last_manager": Remedy(
        "The person is the channel's only manager: make somebody else manager in Slack, under the channel's "
        "About > Managed by; then run it again.",
        "هذا الشخص هو المدير الوحيد للقناة: يُعيَّن مدير آخر في Slack من صفحة القناة، About > Managed "
        "by، ثم تُعاد المحاولة.",
    ),
    "limited_access": Remedy(
        "Access to this channel is limited: ask one of its members or an org admin.",
        "الوصول إلى هذه القناة مقيّد: يُطلب ذلك من أحد أعضائها أو من مشرف المؤسسة.",
    ),
    "managers_by_hand": Remedy(
        "Set the channel's managers in Slack, under the channel's About > Managed by.",
        "يُعيَّن مديرو القناة في Slack من صفحة القناة، About > Managed by.",
    ),
    "missing_scope": Remedy(
        "Add the missing scope under OAuth & Permissions of the Slack app and reinstall it.",
        "يُضاف الإذن الناقص في OAuth & Permissions لتطبيق Slack ثم يُعاد تثبيته.",
    ),
    "no_permission": Remedy(
        "Slack refuses this to the token: a workspace admin must allow the app to do it, or do it by hand.",
        "يرفض Slack ذلك لهذا الرمز: على مشرف مساحة العمل السماح للتطبيق به، أو يُنفَّذ يدويًا.",
    ),
    "org_admin": Remedy(
        "The admin token must belong to an owner or admin of the organisation.",
        "يجب أن يعود رمز المشرف إلى مالك أو مشرف في المؤسسة.",
    ),
    "other_successor": Remedy(
        "Slack does not take this person as a manager of the channel: name another successor.",
        "لا يقبل Slack هذا الشخص مديرًا للقناة: يُسمّى خلف آخر.",
    ),
    "other_instance": Remedy(
        "The step names another workspace than this connector's; plan the case again.",
        "تذكر الخطوة مساحة عمل غير التي لهذا الموصّل؛ يُعاد تخطيط الحالة.",
    ),
    "primary_owner": Remedy(
        "The primary owner must first hand the workspace over in Slack.",
        "على المالك الأساسي أولًا نقل ملكية مساحة العمل في Slack.",
    ),
    "revoke_invitation": Remedy(
        "Revoke it in Slack: invitations to the workspace under Manage members > Invitations, those to "
        "shared channels under Slack Connect.",
        "تُلغى في Slack: دعوات مساحة العمل في Manage members > Invitations، ودعوات القنوات المشتركة في "
        "Slack Connect.",
    ),
    "synced_user_group": Remedy(
        "The user group is kept by Slack or the identity provider: remove the person there.",
        "يدير Slack أو مزوّد الهوية مجموعة المستخدمين هذه: يُخرَج الشخص هناك.",
    ),
    "token_type": Remedy(
        "This call needs another kind of token: see docs/connectors/slack.md, tokens.",
        "يتطلب هذا الطلب نوعًا آخر من الرموز: تفاصيله في docs/connectors/slack.md، قسم الرموز.",
    ),
    "try_by_hand": Remedy(
        "Slack could not do it and does not say why: do it by hand in Slack's admin pages.",
        "لم يستطع Slack تنفيذ ذلك ولم يذكر السبب: يُنفَّذ يدويًا في صفحات إدارة Slack.",
    ),
    "unexpected": Remedy(
        "Slack answered with an error this version does not know; the evidence names it. Tell the operator.",
        "أجاب Slack بخطأ لا يعرفه هذا الإصدار؛ والدليل يذكره. يُبلَّغ المشغّل.",
    ),
    "user_group_gone": Remedy(
        "The user group no longer exists; nothing to do.",
        "لم تعد مجموعة المستخدمين موجودة؛ لا شيء مطلوب.",
    ),
    "wrong_team": Remedy(
        "Check the configured team id: the token does not reach that workspace.",
        "يُرجى التحقق من معرّف الفريق في الإعدادات: لا يصل الرمز إلى مساحة العمل تلك.",
    ),
}


def remedy_text(key: str, language: str = "en") -> str:
    """Give a remedy in `en` or `ar`; an empty key gives an empty text."""
    return text_of(REMEDIES, key, language)
