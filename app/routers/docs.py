"""The documentation pages, with Swagger UI's files from a package: no internet needed."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

ASSETS = Path(fastapi_offline.__file__).parent / "static"
router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def get_docs() -> HTMLResponse:
    """Show the OpenAPI document in Swagger UI."""
    return get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Dateline: the API",
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url="/docs/assets/favicon.png",
        swagger_ui_parameters={"displayRequestDuration": True, "tryItOutEnabled": True, "docExpansion": "list"},
    )


@router.get("/")
async def get_root() -> RedirectResponse:
    """Lead newcomers to the documentation."""
    return RedirectResponse("/docs")


def mount_assets(app: FastAPI) -> None:
    """Serve the files of Swagger UI."""
    app.mount("/docs/assets", StaticFiles(directory=ASSETS), name="docs-assets")
