"""The page: static files with a strict policy; every other address of a browser leads to it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from starlette.responses import FileResponse, HTMLResponse, Response

from gateway.http.problems import not_found

# The 3D view decodes meshes with WebAssembly; that permission is no permission for `eval`.
POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; font-src 'self' data:; connect-src 'self' blob:; worker-src 'self' blob:; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS: Final = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}
MISSING: Final = "<!doctype html><title>AI Studio</title><p>The page has not been built here; the API is at /v1."


def router(dist: Path) -> APIRouter:
    """Serves `dist`. Files with a hash in their name may be kept for ever, the page itself never."""
    routes = APIRouter(include_in_schema=False)
    root = dist.resolve()

    @routes.get("/{path:path}")
    async def page(request: Request, path: str) -> Response:
        file = file_of(root, path)
        if file is not None:
            lasting = "public, max-age=31536000, immutable" if path.startswith("assets/") else "no-cache"
            return FileResponse(file, headers={**HEADERS, "cache-control": lasting})
        if path.startswith("v1/") or "text/html" not in request.headers.get("accept", "text/html"):
            raise not_found()
        index = root / "index.html"
        if not index.is_file():
            return HTMLResponse(MISSING, 503, HEADERS)
        return FileResponse(index, headers={**HEADERS, "cache-control": "no-cache"})

    return routes


def file_of(root: Path, path: str) -> Path | None:
    """The file of this name below the root; None where there is none, or can be none of such a name."""
    try:
        file = (root / path).resolve()
        return file if path and file.is_relative_to(root) and file.is_file() else None
    except (OSError, ValueError):
        return None
