"""A small catalogue in three files, and ways to change it."""

from balagh.directory.sheets import Files

AGENCIES = """\
code,name_ar,name_en,short_ar,short_en,active
moh,وزارة الصحة,Ministry of Health,الصحة,MoH,yes
moe,وزارة التعليم,Ministry of Education,التعليم,MoE,yes
"""
PLATFORMS = """\
code,agency,name_ar,name_en,short_ar,short_en,active
sehhaty,moh,منصة صحتي,Sehhaty Platform,صحتي,Sehhaty,yes
noor,moe,نظام نور,Noor System,نور,Noor,yes
"""
SERVICES = """\
code,agency,platform,name_ar,name_en,digital,sla_days,digital_alternative,channels,active
sick-leave,moh,sehhaty,الإجازات المرضية,Sick leaves,yes,3,,web|app,yes
bookings,moh,sehhaty,حجز المواعيد,Book appointments,yes,,,web,yes
sick-paper,moh,,إجازة مرضية ورقية,Paper sick leave,no,,sick-leave,branch,yes
old-papers,moe,,تصديق الوثائق الدراسية القديمة,Attest old documents,no,,,branch,yes
"""


def files(agencies: str = AGENCIES, platforms: str = PLATFORMS, services: str = SERVICES) -> Files:
    return Files(agencies, platforms, services)


def changed(old: str, new: str) -> Files:
    """The small catalogue with ``old``, which must be in it once, written as ``new``."""
    texts = (AGENCIES, PLATFORMS, SERVICES)
    assert sum(text.count(old) for text in texts) == 1, old
    return Files(*(text.replace(old, new) for text in texts))


def without(code: str) -> Files:
    """The small catalogue without the line of ``code``."""
    return Files(*(_without(text, code) for text in (AGENCIES, PLATFORMS, SERVICES)))


def _without(text: str, code: str) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(f"{code},"))
