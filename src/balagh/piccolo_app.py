"""The one Piccolo app: its tables and where its migrations lie."""

from pathlib import Path

from piccolo.conf.apps import AppConfig, table_finder

_installed = Path(__file__).parent / "piccolo_migrations"
_in_source = Path(__file__).parents[2] / "piccolo_migrations"

APP_CONFIG = AppConfig(
    app_name="balagh",
    migrations_folder_path=str(_installed if _installed.is_dir() else _in_source),
    table_classes=table_finder(
        modules=[
            "balagh.directory.tables",
            "balagh.people.tables",
            "balagh.notices.tables",
            "balagh.reports.tables",
        ]
    ),
    commands=[],
)
