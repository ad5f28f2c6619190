# Pillow as its tutorials use it: one thumbnail() a size on a freshly opened file. Arguments: file, recipe (JSON), repeats, folder.
import json
import sys

from PIL import Image, ImageOps

file, recipe, repeats, out = sys.argv[1], json.loads(sys.argv[2]), int(sys.argv[3]), sys.argv[4]


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
        options = {"quality": rendition["quality"]} if "quality" in rendition else {}
        result.save(f"{out}/{rendition['name']}.{rendition['format']}", rendition["format"].upper(), **options)


for _ in range(repeats):
    for rendition in recipe:
        draw(rendition)
