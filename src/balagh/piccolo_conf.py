"""Where Piccolo finds the database and the migrations."""

from piccolo.conf.apps import AppRegistry

from balagh.database import engine

DB = engine()

APP_REGISTRY = AppRegistry(apps=["balagh.piccolo_app"])
