"""png_referee.py FILE...: prints name, width, height and whether anything is drawn, by Pillow."""
import os
import sys

from PIL import Image

for path in sys.argv[1:]:
    with Image.open(path) as image:
        image.load()
        colours = image.convert("RGB").getcolors(maxcolors=1 << 24)
        drawn = "drawn" if len(colours) > 10 else "blank"
        print(os.path.basename(path), image.format, *image.size, drawn)
