# For infra/main.tf, beside aws.yaml of this folder, which sends the message by e-mail.
events         = [{ prefix = "uploads/", suffix = "" }]
original_keys  = ["uploads/*"]
rendition_keys = ["thumbnails/*", "medium/*", "large/*"]
emails         = ["you@example.com"]
