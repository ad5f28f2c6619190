# For infra/main.tf, beside the presets and rules of this folder.
events = [
  { prefix = "resources/medias/", suffix = "/org.jpg" },
  { prefix = "resources/medias/", suffix = "/org.jpeg" },
  { prefix = "resources/medias/", suffix = "/org.png" },
]
original_keys               = ["resources/medias/*/org.*"]
rendition_keys              = []
rendition_keys_in_originals = ["resources/medias/*/w720.*"]
