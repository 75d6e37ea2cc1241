"""The documentation pages, with Swagger UI's files from a package: no internet needed."""

import hashlib
import re
from base64 import b64encode
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles

ASSETS = Path(fastapi_offline.__file__).parent / "static"
PAGE = bytes(
    get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="Dateline: the API",
        swagger_js_url="/docs/assets/swagger-ui-bundle.js",
        swagger_css_url="/docs/assets/swagger-ui.css",
        swagger_favicon_url="/docs/assets/favicon.png",
        swagger_ui_parameters={"displayRequestDuration": True, "tryItOutEnabled": True, "docExpansion": "list"},
    ).body
)
INLINE_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)
router = APIRouter(include_in_schema=False)


def policy_of(page: bytes) -> str:
    """Return the Content-Security-Policy that lets the page run its own scripts, and nothing else."""
    hashes = " ".join(
        f"'sha256-{b64encode(hashlib.sha256(script).digest()).decode()}'" for script in INLINE_SCRIPT.findall(page)
    )
    return (
        f"default-src 'none'; script-src 'self' {hashes}; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )


POLICY = policy_of(PAGE)


@router.get("/docs")
async def get_docs() -> HTMLResponse:
    """Show the OpenAPI document in Swagger UI."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


@router.get("/openapi.json")
async def get_openapi(request: Request) -> Response:
    """Answer the OpenAPI document: the framework would make it into bytes anew for each."""
    return Response(request.app.state.openapi(), media_type="application/json")


@router.get("/")
async def get_root() -> RedirectResponse:
    """Lead newcomers to the documentation."""
    return RedirectResponse("/docs")


def mount_assets(app: FastAPI) -> None:
    """Serve the files of Swagger UI."""
    app.mount("/docs/assets", StaticFiles(directory=ASSETS), name="docs-assets")
