"""Objects in metres, y up, standing on the ground: turned profiles, boxes, balls and rods, each with its material."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import trimesh as untyped_trimesh

from gpu_workers.drawing.brief import Brief, read
from gpu_workers.drawing.brush import GOLD, STEEL, Rgb, darken, lighten, rgb

trimesh: Any = untyped_trimesh  # its annotations are partial
SEGMENTS = 64
SMOOTH_COSINE = math.cos(math.radians(38))
UPRIGHT = trimesh.transformations.rotation_matrix(-math.pi / 2, [1, 0, 0])
Profile = Sequence[tuple[float, float]]  # radius and height, from the axis outwards and back
Point = tuple[float, float, float]

WOOD, WHITE, DARK = rgb("#9a6b3f"), rgb("#f4f2ec"), rgb("#202227")


@dataclass
class Model:
    """Parts under construction."""

    scene: Any = field(default_factory=untyped_trimesh.Scene)

    def add(
        self,
        mesh: Any,
        colour: Rgb,
        at: Point = (0, 0, 0),
        *,
        metal: float = 0.0,
        rough: float = 0.5,
        alpha: float = 1.0,
        glow: Rgb | None = None,
    ) -> None:
        mesh = creased(mesh)
        mesh.apply_translation(at)
        material = trimesh.visual.material.PBRMaterial(
            name=f"material-{len(self.scene.geometry)}",
            baseColorFactor=[*linear(colour), alpha],
            metallicFactor=metal,
            roughnessFactor=rough,
            alphaMode="BLEND" if alpha < 1 else "OPAQUE",
            doubleSided=alpha < 1,
            emissiveFactor=list(glow) if glow else None,
        )
        mesh.visual = trimesh.visual.texture.TextureVisuals(material=material)
        self.scene.add_geometry(mesh, geom_name=f"part-{len(self.scene.geometry)}")


def creased(mesh: Any) -> Any:
    """Each face with corners of its own, whose normals join those of neighbours that are nearly flat to it."""
    corners = mesh.faces.ravel()
    owners = np.repeat(np.arange(len(mesh.faces)), 3)
    order = np.argsort(corners, kind="stable")
    begins = np.searchsorted(corners[order], np.arange(len(mesh.vertices) + 1))
    weighted = mesh.face_normals * mesh.area_faces[:, None]
    normals = np.empty((len(corners), 3))
    for vertex in range(len(mesh.vertices)):
        around = order[begins[vertex] : begins[vertex + 1]]
        faces = owners[around]
        near = mesh.face_normals[faces] @ mesh.face_normals[faces].T > SMOOTH_COSINE
        normals[around] = near @ weighted[faces]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True) + 1e-12
    return trimesh.Trimesh(
        mesh.vertices[corners],
        np.arange(len(corners)).reshape(-1, 3),
        vertex_normals=normals,
        process=False,
        validate=False,
    )


def linear(colour: Rgb) -> list[float]:
    """glTF wants linear light, our colours are sRGB."""
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colour]


def turned(profile: Profile) -> Any:
    mesh = trimesh.creation.revolve(np.array(profile, dtype=float), sections=SEGMENTS)
    mesh.apply_transform(UPRIGHT)
    return mesh


def block(width: float, height: float, depth: float) -> Any:
    return trimesh.creation.box(extents=[width, height, depth])


def ball(radius: float) -> Any:
    return trimesh.creation.uv_sphere(radius=radius, count=[32, 48])


def rod(one: Point, other: Point, radius: float) -> Any:
    return trimesh.creation.cylinder(radius=radius, segment=[one, other], sections=24)


def ring(radius: float, thickness: float) -> Any:
    return trimesh.creation.torus(
        major_radius=radius, minor_radius=thickness, major_sections=SEGMENTS, minor_sections=20
    )


def mug(model: Model, brief: Brief) -> None:
    body = [
        (0, 0),
        (0.040, 0),
        (0.043, 0.004),
        (0.044, 0.095),
        (0.042, 0.096),
        (0.040, 0.094),
        (0.039, 0.008),
        (0, 0.008),
    ]
    model.add(turned(body), brief.main, rough=0.25)
    model.add(turned([(0, 0.082), (0.0395, 0.082), (0, 0.0825)]), rgb("#3b2113"), rough=0.2)
    model.add(ring(0.026, 0.0055), brief.main, (0.048, 0.050, 0), rough=0.25)


def bottle(model: Model, brief: Brief) -> None:
    body = [
        (0, 0),
        (0.034, 0),
        (0.037, 0.004),
        (0.037, 0.135),
        (0.030, 0.165),
        (0.014, 0.188),
        (0.013, 0.225),
        (0, 0.225),
    ]
    model.add(turned(body), brief.main, rough=0.15, metal=0.1)
    model.add(turned([(0.0374, 0.045), (0.0376, 0.045), (0.0376, 0.115), (0.0374, 0.115)]), WHITE, rough=0.7)
    model.add(turned([(0, 0.222), (0.016, 0.222), (0.016, 0.246), (0, 0.246)]), darken(brief.main, 0.6), rough=0.4)


def vase(model: Model, brief: Brief) -> None:
    body = [
        (0, 0),
        (0.05, 0),
        (0.085, 0.06),
        (0.09, 0.11),
        (0.06, 0.19),
        (0.035, 0.24),
        (0.05, 0.28),
        (0.046, 0.28),
        (0.03, 0.24),
        (0, 0.05),
    ]
    model.add(turned(body), brief.main, rough=0.2)
    model.add(ring(0.0885, 0.003).apply_transform(UPRIGHT), GOLD, (0, 0.10, 0), metal=1, rough=0.25)


def box(model: Model, brief: Brief) -> None:
    model.add(block(0.30, 0.22, 0.30), brief.main, (0, 0.11, 0), rough=0.6)
    model.add(block(0.32, 0.05, 0.32), lighten(brief.main, 0.15), (0, 0.235, 0), rough=0.6)
    for width, depth in ((0.05, 0.324), (0.324, 0.05)):
        model.add(block(width, 0.264, depth), brief.accent, (0, 0.131, 0), rough=0.3)
    for side in (-1, 1):
        bow = ring(0.045, 0.012)
        bow.apply_scale([1.3, 0.8, 1])
        model.add(bow, brief.accent, (side * 0.055, 0.295, 0), rough=0.3)
    model.add(ball(0.022), brief.accent, (0, 0.28, 0), rough=0.3)


def chair(model: Model, brief: Brief) -> None:
    model.add(block(0.46, 0.06, 0.46), brief.main, (0, 0.46, 0), rough=0.8)
    model.add(block(0.46, 0.46, 0.05), brief.main, (0, 0.74, -0.205), rough=0.8)
    for x in (-0.19, 0.19):
        for z in (-0.19, 0.19):
            model.add(rod((x, 0.44, z), (x * 1.15, 0, z * 1.15), 0.018), WOOD, rough=0.6)
        model.add(rod((x * 1.1, 0.18, -0.21), (x * 1.1, 0.18, 0.21), 0.010), WOOD, rough=0.6)


def table(model: Model, brief: Brief) -> None:
    model.add(turned([(0, 0.72), (0.55, 0.72), (0.56, 0.735), (0.55, 0.75), (0, 0.75)]), brief.main, rough=0.4)
    model.add(rod((0, 0.03, 0), (0, 0.72, 0), 0.05), DARK, metal=0.8, rough=0.35)
    model.add(turned([(0, 0), (0.32, 0), (0.30, 0.02), (0.06, 0.05), (0, 0.05)]), DARK, metal=0.8, rough=0.35)


def lamp(model: Model, brief: Brief) -> None:
    model.add(turned([(0, 0), (0.11, 0), (0.11, 0.015), (0.02, 0.03), (0, 0.03)]), GOLD, metal=1, rough=0.25)
    model.add(rod((0, 0.02, 0), (0, 0.34, 0), 0.009), GOLD, metal=1, rough=0.25)
    model.add(ball(0.035), rgb("#fff3cf"), (0, 0.36, 0), rough=0.3, glow=(1.0, 0.85, 0.55))
    shade = [(0.168, 0.29), (0.17, 0.29), (0.10, 0.46), (0.098, 0.46)]
    model.add(turned(shade), brief.main, rough=0.9, alpha=0.92, glow=(0.18, 0.13, 0.07))


def rocket(model: Model, brief: Brief) -> None:
    hull = [(0, 0.25), (0.14, 0.25), (0.20, 0.45), (0.22, 0.75), (0.18, 1.1), (0.10, 1.32), (0, 1.45)]
    model.add(turned(hull), WHITE, rough=0.3)
    model.add(
        turned([(0.182, 1.1), (0.183, 1.1), (0.101, 1.325), (0, 1.46), (0, 1.455), (0.1, 1.32)]), brief.main, rough=0.3
    )
    model.add(turned([(0, 0.16), (0.13, 0.16), (0.10, 0.25), (0, 0.25)]), STEEL, metal=1, rough=0.3)
    model.add(ring(0.075, 0.018), STEEL, (0, 0.88, 0.205), metal=1, rough=0.25)
    model.add(ball(0.068), rgb("#6fb7e8"), (0, 0.88, 0.168), rough=0.05)
    for index in range(3):
        fin = block(0.03, 0.36, 0.22)
        fin.vertices[fin.vertices[:, 1] > 0, 2] -= 0.09
        fin.apply_translation([0, 0.25, 0.24])
        fin.apply_transform(trimesh.transformations.rotation_matrix(math.tau * index / 3 + math.pi / 3, [0, 1, 0]))
        model.add(fin, brief.main, rough=0.35)
    model.add(
        turned([(0, -0.02), (0.05, 0.08), (0.085, 0.16), (0, 0.16)]), rgb("#ffab3d"), rough=1, glow=(1.0, 0.55, 0.1)
    )


def house(model: Model, brief: Brief) -> None:
    model.add(block(2.0, 1.2, 1.5), lighten(brief.main, 0.35), (0, 0.6, 0), rough=0.9)
    roof = trimesh.creation.extrude_triangulation(
        np.array([[-1.2, 0], [1.2, 0], [0, 0.8]]), np.array([[0, 1, 2]]), height=1.8
    )
    model.add(roof, darken(brief.accent, 0.25), (0, 1.2, -0.9), rough=0.8)
    model.add(block(0.36, 0.72, 0.05), WOOD, (0, 0.36, 0.76), rough=0.6)
    model.add(ball(0.025), GOLD, (0.12, 0.36, 0.80), metal=1, rough=0.2)
    for x in (-0.62, 0.62):
        model.add(block(0.44, 0.44, 0.04), WHITE, (x, 0.72, 0.755), rough=0.5)
        model.add(block(0.38, 0.38, 0.05), rgb("#8fc4e8"), (x, 0.72, 0.757), rough=0.05)
    model.add(block(0.24, 0.6, 0.24), rgb("#8d4a3a"), (0.6, 1.75, -0.3), rough=0.9)


def tree(model: Model, brief: Brief) -> None:
    green = brief.main if brief.named_colours else rgb("#3f8f4e")
    model.add(turned([(0, 0), (0.16, 0), (0.10, 0.3), (0.08, 1.0), (0, 1.0)]), rgb("#6e4a2c"), rough=0.95)
    rng = brief.rng("crown")
    for _ in range(7):
        turn, reach = rng.uniform(0, math.tau), rng.uniform(0.1, 0.42)
        at = (math.cos(turn) * reach, rng.uniform(1.15, 1.75), math.sin(turn) * reach)
        leaves = trimesh.creation.icosphere(subdivisions=2, radius=rng.uniform(0.34, 0.52))
        model.add(leaves, darken(green, rng.uniform(0, 0.25)), at, rough=0.95)


def car(model: Model, brief: Brief) -> None:
    model.add(block(4.0, 0.52, 1.7), brief.main, (0, 0.62, 0), metal=0.4, rough=0.25)
    cabin = block(2.1, 0.55, 1.5)
    cabin.vertices[cabin.vertices[:, 1] > 0, 0] *= 0.68
    cabin.vertices[cabin.vertices[:, 1] > 0, 2] *= 0.86
    model.add(cabin, rgb("#26313d"), (-0.15, 1.14, 0), rough=0.05, metal=0.2)
    model.add(block(1.36, 0.06, 1.26), brief.main, (-0.15, 1.43, 0), metal=0.4, rough=0.25)
    for x in (-1.25, 1.25):
        for z in (-0.82, 0.82):
            model.add(rod((x, 0.36, z - 0.12), (x, 0.36, z + 0.12), 0.36), DARK, rough=0.9)
            model.add(rod((x, 0.36, z - 0.125), (x, 0.36, z + 0.125), 0.20), STEEL, metal=1, rough=0.25)
    for z in (-0.58, 0.58):
        model.add(ball(0.12), rgb("#fff6d8"), (1.97, 0.70, z), rough=0.1, glow=(0.9, 0.85, 0.6))
        model.add(block(0.05, 0.12, 0.34), rgb("#c4221c"), (-2.0, 0.72, z), rough=0.2, glow=(0.5, 0.02, 0.02))


def sphere(model: Model, brief: Brief) -> None:
    """What there is no plan for: a polished ball on a plinth, in the prompt's colours."""
    model.add(ball(0.5), brief.main, (0, 0.72, 0), metal=0.3, rough=0.15)
    model.add(turned([(0, 0), (0.42, 0), (0.42, 0.18), (0.36, 0.22), (0, 0.22)]), lighten(brief.accent, 0.4), rough=0.7)


Build = Callable[[Model, Brief], None]
OBJECTS: tuple[tuple[str, Build], ...] = (
    ("mug cup coffee", mug), ("bottle flask perfume", bottle), ("vase jar pot", vase), ("box gift package", box),
    ("table desk", table), ("chair stool seat armchair", chair), ("lamp light lantern", lamp),
    ("rocket spaceship", rocket), ("house home building cottage", house), ("tree plant forest", tree),
    ("car vehicle", car),
)  # fmt: skip


def glb_of(prompt: str, seed: int, comment: str) -> bytes:
    brief = read(prompt, seed)
    model = Model()
    (known(brief) or sphere)(model, brief)
    return exported(model, comment, brief.title)


def known(brief: Brief) -> Callable[[Model, Brief], None] | None:
    """What builds the object that the words name, where it is one of ours."""
    return next((build for names, build in OBJECTS if brief.words & set(names.split())), None)


def exported(model: Model, comment: str, title: str) -> bytes:
    """As GLB, which says who made it."""

    def signed(tree: dict[str, Any]) -> None:
        tree["asset"]["generator"] = comment
        tree["asset"]["extras"] = {"title": title}

    written: bytes = trimesh.exchange.gltf.export_glb(model.scene, include_normals=True, tree_postprocessor=signed)
    return written
