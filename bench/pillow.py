# Pillow as its tutorials use it: one thumbnail() a size on a freshly opened file. Arguments: file, recipe (JSON), repeats, folder; and `same` for JPEGs as the other engines write them.
import json
import sys

from PIL import Image, ImageOps

file, recipe, repeats, out = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
# Pillow's own defaults are 75, and codes that are not fitted to the picture.
AS_OTHERS = {"quality": 80, "optimize": True} if sys.argv[5:] == ["same"] else {}


def draw(rendition):
    with Image.open(file) as picture:
        size = (rendition["width"], rendition["height"])
        if rendition["fit"] == "contain":
            picture.draft("RGB", size)
            result = ImageOps.pad(picture.convert("RGB"), size, Image.Resampling.LANCZOS)
        else:
            picture.thumbnail(size)
            result = picture
        if result.mode not in ("RGB", "L"):
            result = result.convert("RGB")
        options = AS_OTHERS if rendition["format"] == "jpeg" else {}
        result.save(f"{out}/{rendition['name']}.{rendition['format']}", rendition["format"].upper(), **options)


for _ in range(repeats):
    for rendition in recipe:
        draw(rendition)
