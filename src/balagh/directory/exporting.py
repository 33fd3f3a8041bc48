"""Export of the catalogue to the three CSV files that ``importing`` reads.

Importing what was exported changes nothing, as long as nobody changed the catalogue in between.
"""

import msgspec

from balagh.database import fetch
from balagh.directory.sheets import AGENCIES, PLATFORMS, SERVICES, Files, write


async def export_files() -> Files:
    """The whole catalogue, rows that are not active too, as text."""
    # One statement, so that the three files are of one moment.
    (row,) = await fetch(_READ)
    sheets = {
        name: msgspec.json.decode(text, type=list[dict[str, str]]) for name, text in row.items()
    }
    return Files(
        write(AGENCIES, sheets["agencies"]),
        write(PLATFORMS, sheets["platforms"]),
        write(SERVICES, sheets["services"]),
    )


_READ = """
SELECT
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
     'code', a.code, 'name_ar', a.name_ar, 'name_en', a.name_en, 'short_ar', a.short_ar,
     'short_en', a.short_en, 'active', CASE WHEN a.active THEN 'yes' ELSE 'no' END
   ) ORDER BY a.code), '[]') FROM agency a) AS agencies,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
     'code', p.code, 'agency', a.code, 'name_ar', p.name_ar, 'name_en', p.name_en,
     'short_ar', p.short_ar, 'short_en', p.short_en,
     'active', CASE WHEN p.active THEN 'yes' ELSE 'no' END
   ) ORDER BY a.code, p.code), '[]')
   FROM platform p JOIN agency a ON a.id = p.agency_id) AS platforms,
  (SELECT coalesce(jsonb_agg(jsonb_build_object(
     'code', s.code, 'agency', a.code, 'platform', coalesce(p.code, ''), 'name_ar', s.name_ar,
     'name_en', s.name_en, 'digital', CASE WHEN s.digital THEN 'yes' ELSE 'no' END,
     'sla_days', coalesce(s.sla_days::text, ''), 'digital_alternative', coalesce(o.code, ''),
     'channels', array_to_string(s.channels, '|'),
     'active', CASE WHEN s.active THEN 'yes' ELSE 'no' END
   ) ORDER BY a.code, NOT s.digital, p.code, s.code), '[]')
   FROM service s JOIN agency a ON a.id = s.agency_id
   LEFT JOIN platform p ON p.id = s.platform_id
   LEFT JOIN service o ON o.id = s.digital_alternative_id) AS services
"""
