# For infra/main.tf, beside the presets and rules of this folder.
events            = [{ prefix = "videos/", suffix = "" }]
original_keys     = ["videos/*"]
rendition_keys    = ["thumbnails/*"]
expire_originals  = { "videos/" = 7 }
expire_renditions = { "thumbnails/" = 8 }
