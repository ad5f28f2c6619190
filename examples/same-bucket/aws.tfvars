# For infra/main.tf, beside the presets and rules of this folder. Endings are told apart by case here; what is written otherwise, the sweep finds.
events = [
  { prefix = "", suffix = ".jpg" },
  { prefix = "", suffix = ".jpeg" },
  { prefix = "", suffix = ".png" },
  { prefix = "", suffix = ".webp" },
  { prefix = "", suffix = ".avif" },
  { prefix = "", suffix = ".gif" },
  { prefix = "", suffix = ".JPG" },
  { prefix = "", suffix = ".JPEG" },
  { prefix = "", suffix = ".PNG" },
]
original_keys               = ["photos/*"]
rendition_keys              = []
rendition_keys_in_originals = ["thumbnails/*"]
