"""The roles of staff, in words (specification 1)."""

from balagh.i18n import N_

ROLE_TEXT = {
    "intake_officer": N_("Intake officer"),
    "reviewer": N_("Reviewer"),
    "supervisor": N_("Supervisor"),
    "administrator": N_("Administrator"),
    "agency_officer": N_("Agency officer"),
    "agency_manager": N_("Agency manager"),
}
