"""What a person can do about each refusal, in English and Arabic; the key travels in the evidence."""

from __future__ import annotations

from connectors.remedies import COMMON, Remedy, text_of

REMEDIES: dict[str, Remedy] = {
    **COMMON,
    "account_unknown": Remedy(
        "Check the Entra object id in the HR record or the identity link: the tenant does not know it.",
        "يُرجى التحقق من معرّف كائن Entra في سجل الموارد البشرية أو في ربط الهوية: لا يعرفه المستأجر.",
    ),
    "archived": Remedy(
        "The team is archived; restore it in the Teams admin center to remove the person, or leave it.",
        "الفريق مؤرشف؛ تُلغى أرشفته في مركز إدارة Teams لإخراج الشخص أو يُترك كما هو.",
    ),
    "bot_itself": Remedy(
        "This is the service principal of Bawab itself; it is never a target. Correct the identity link.",
        "هذا حساب خدمة بوّاب نفسه ولا يكون هدفًا أبدًا. يُصحَّح ربط الهوية.",
    ),
    "dynamic": Remedy(
        "A rule decides who is in this group: change the rule under Entra admin center > Groups "
        "> the group > "
        "Dynamic membership rules, or the attribute of the person that the rule asks for.",
        "تحدّد قاعدةٌ أعضاء هذه المجموعة: تُغيَّر القاعدة في مركز إدارة Entra > المجموعات > المجموعة > "
        "قواعد العضوية الديناميكية، أو تُغيَّر سمة الشخص التي تعتمد عليها القاعدة.",
    ),
    "group_gone": Remedy(
        "The group no longer exists; nothing to do.",
        "لم تعد المجموعة موجودة؛ لا شيء مطلوب.",
    ),
    "last_owner": Remedy(
        "Make somebody else an owner first: Entra admin center > Groups > the group > Owners, or "
        "Teams > Manage "
        "team (for a channel: Manage channel).",
        "يُجعل شخص آخر مالكًا أولًا: مركز إدارة Entra > المجموعات > المجموعة > المالكون، أو Teams > "
        "إدارة الفريق (وللقناة: إدارة القناة).",
    ),
    "mail_enabled": Remedy(
        "Members of this list are kept in Exchange: Exchange admin center > Recipients > Groups, or "
        "Remove-DistributionGroupMember.",
        "أعضاء هذه القائمة يُدارون في Exchange: مركز إدارة Exchange > المستلمون > المجموعات، أو الأمر "
        "Remove-DistributionGroupMember.",
    ),
    "missing_permission": Remedy(
        "Grant the application permission under Entra admin center > App registrations > the app > API "
        "permissions, then Grant admin consent.",
        "يُمنح إذن التطبيق في مركز إدارة Entra > تسجيلات التطبيقات > التطبيق > أذونات API، ثم تُمنح "
        "موافقة المسؤول.",
    ),
    "nested": Remedy(
        "The person is in this group only through another group; end the membership there.",
        "الشخص في هذه المجموعة عبر مجموعة أخرى فقط؛ تُنهى العضوية هناك.",
    ),
    "no_right": Remedy(
        "Graph forbids this though the app holds the permission: an administrator removes the person under "
        "Entra admin center > Groups, or the owner in Teams.",
        "يمنع Graph ذلك رغم أن التطبيق يملك الإذن: يُخرج مسؤولٌ الشخصَ في مركز إدارة Entra > المجموعات، "
        "أو يُخرجه المالك في Teams.",
    ),
    "other_instance": Remedy(
        "This step belongs to another tenant; nothing was sent.",
        "تخص هذه الخطوة مستأجرًا آخر؛ لم يُرسل شيء.",
    ),
    "plan_again": Remedy(
        "The step does not name the team of the channel; nothing was sent. Plan the case again.",
        "لا تذكر الخطوة فريق القناة؛ لم يُرسل شيء. يُعاد تخطيط الحالة.",
    ),
    "privileged_account": Remedy(
        "Entra lets this app change no account that holds an administrator role: take the role "
        "away first, or "
        "disable the account under Entra admin center > Users.",
        "لا يسمح Entra لهذا التطبيق بتغيير حساب يحمل دور مسؤول: يُسحب الدور أولًا، أو يُعطَّل الحساب في "
        "مركز إدارة Entra > المستخدمون.",
    ),
    "role_assignable": Remedy(
        "This group can carry administrator roles, so Bawab does not change it: a Privileged "
        "Role Administrator "
        "removes the person under Entra admin center > Groups.",
        "يمكن لهذه المجموعة أن تحمل أدوار مسؤولين، لذلك لا يغيّرها بوّاب: يُخرج مسؤول الأدوار "
        "(Privileged Role Administrator) الشخصَ في مركز إدارة Entra > المجموعات.",
    ),
    "synced": Remedy(
        "The group is synced from the on-premises directory: remove the person there; it follows "
        "with the next "
        "synchronisation.",
        "المجموعة متزامنة من الدليل المحلي: يُخرَج الشخص هناك، ويتبع ذلك التغيير مع المزامنة التالية.",
    ),
    "synced_account": Remedy(
        "The account is synced from the on-premises directory: disable it there.",
        "الحساب متزامن من الدليل المحلي: يُعطَّل هناك.",
    ),
    "unexpected": Remedy(
        "Graph answered with an error this version does not know; the evidence names it. Tell the operator.",
        "أجاب Graph بخطأ لا يعرفه هذا الإصدار؛ والدليل يذكره. يُبلَّغ المشغّل.",
    ),
}


def remedy_text(key: str, language: str = "en") -> str:
    """Give a remedy's text; an empty key gives an empty text."""
    return text_of(REMEDIES, key, language)
