# All of AWS in one file: two buckets, the queue between them, the functions, the API, the site, mail, and what watches over it.

terraform {
  required_version = ">= 1.5"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 6.25"
    }
    random = {
      source  = "hashicorp/random"
      version = "~> 3.6"
    }
  }
}

provider "aws" {
  region = var.region
  default_tags {
    tags = merge({ thumbsmith = var.name }, var.tags)
  }
}

# ---- What you say -----------------------------------------------------------------------------------------------------

variable "name" {
  type        = string
  description = "Everything is named after it."
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,24}[a-z0-9]$", var.name))
    error_message = "Use 3 to 26 lower-case letters, digits and dashes, and begin with a letter."
  }
}

variable "region" {
  type        = string
  description = "Where, e.g. eu-central-1."
}

variable "tags" {
  type        = map(string)
  description = "On everything that takes tags."
  default     = {}
}

variable "functions" {
  type        = string
  description = "The folder that `npm run build:lambda` wrote. The presets and rules travel in there."
  default     = "../dist-lambda"
}

variable "architecture" {
  type        = string
  description = "Of the render function: arm64 (cheaper) or x86_64."
  default     = "arm64"
  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "Lambda knows arm64 and x86_64."
  }
}

variable "originals_bucket" {
  type        = string
  description = "A bucket that exists already. Its settings are left alone; the output existing_buckets says what it needs."
  default     = ""
}

variable "renditions_bucket" {
  type        = string
  description = "As originals_bucket."
  default     = ""
}

variable "events" {
  type        = list(object({ prefix = string, suffix = string }))
  description = "Which keys are told of at once, by how they begin and end; S3 takes no two that overlap. The sweep finds the rest."
  default     = [{ prefix = "uploads/", suffix = "" }]
}

variable "original_keys" {
  type        = list(string)
  description = "Keys of originals, with * for anything: people may upload and delete there, and expiry removes there."
  default     = ["uploads/*"]
  validation {
    condition     = length(var.original_keys) > 0
    error_message = "Name at least one."
  }
}

variable "rendition_keys" {
  type        = list(string)
  description = "Keys of renditions in the renditions bucket, with * for anything: the render function may write and delete there."
  default     = ["uploads/*"]
}

variable "rendition_keys_in_originals" {
  type        = list(string)
  description = "The same for rules with `to: originals`."
  default     = []
}

variable "expire_originals" {
  type        = map(number)
  description = "Days by prefix, after which S3 removes originals. As expireAfterDays in the rules; never a whole bucket, for state lies there too."
  default     = {}
  validation {
    condition     = alltrue([for prefix in keys(var.expire_originals) : endswith(prefix, "/") && !startswith(prefix, ".thumbsmith")])
    error_message = "Name folders, each ending in a slash."
  }
}

variable "expire_renditions" {
  type        = map(number)
  description = "The same for renditions."
  default     = {}
  validation {
    condition     = alltrue([for prefix in keys(var.expire_renditions) : endswith(prefix, "/") && !startswith(prefix, ".thumbsmith")])
    error_message = "Name folders, each ending in a slash."
  }
}

variable "keep_deleted_days" {
  type        = number
  description = "How long deleted and overwritten objects can be brought back."
  default     = 7
}

variable "destroy_pictures" {
  type        = bool
  description = "Lets `terraform destroy` remove buckets that hold pictures."
  default     = false
}

variable "public_renditions" {
  type        = list(string)
  description = "Paths that everybody may see through CloudFront, e.g. [\"thumbnails/*\"]. All else is seen by signed links only."
  default     = []
}

variable "sites" {
  type        = list(string)
  description = "Origins of other sites whose pages use the API, e.g. [\"https://shop.example.com\"]."
  default     = []
}

variable "domain" {
  type        = string
  description = "A name of your own for the site. Point it at the output site_domain, and give its certificate."
  default     = ""
}

variable "certificate_arn" {
  type        = string
  description = "Of ACM in us-east-1, for the domain."
  default     = ""
}

variable "jwt" {
  type        = object({ issuer = string, audience = string, jwks = string })
  description = "Who signs people in. Without it, a secret is made (output jwt_secret) for tokens that you sign yourself with HS256."
  default     = null
}

variable "operator_claim" {
  type        = string
  description = "Tokens with this claim see everybody's originals."
  default     = "role=operator"
}

variable "gateway_authorizer" {
  type        = bool
  description = "Has API Gateway check the tokens too, before a function starts. Needs jwt with an OpenID issuer; cookies no longer sign in."
  default     = false
}

variable "emails" {
  type        = list(string)
  description = "Told when an upload has settled, if the rules notify `sns:`. Each has to confirm."
  default     = []
}

variable "alarm_emails" {
  type        = list(string)
  description = "Told of alarms. Each has to confirm."
  default     = []
}

variable "webhook_secret" {
  type        = string
  description = "For webhook notifiers: whsec_ and the base64 of 24 to 64 bytes."
  default     = ""
  sensitive   = true
}

variable "concurrency" {
  type        = number
  description = "The ceiling: so many batches are rendered at once, and no more."
  default     = 10
  validation {
    condition     = var.concurrency > 1
    error_message = "Lambda takes no less than 2 here."
  }
}

variable "invocations_per_hour" {
  type        = number
  description = "More than this is an alarm: something writes in a loop, or somebody runs up the bill."
  default     = 20000
}

variable "requests_per_second" {
  type        = number
  description = "The API answers 429 above it."
  default     = 100
}

variable "sweep" {
  type        = string
  description = "How often everything is compared with what should be there. Each sweep reads every original's state."
  default     = "rate(1 day)"
}

variable "tries" {
  type        = number
  description = "How often a message is taken before it is set aside."
  default     = 5
}

variable "log_level" {
  type        = string
  description = "debug, info, warn or error."
  default     = "info"
}

variable "log_days" {
  type        = number
  description = "How long logs are kept; one of CloudWatch's own figures."
  default     = 30
}

data "aws_caller_identity" "me" {}
data "aws_partition" "here" {}

# ---- Buckets ----------------------------------------------------------------------------------------------------------

locals {
  existing = { for store, bucket in { originals = var.originals_bucket, renditions = var.renditions_bucket } : store => bucket if bucket != "" }
  owned    = setsubtract(["originals", "renditions"], keys(local.existing))
  buckets  = merge({ for store, bucket in aws_s3_bucket.own : store => bucket.id }, local.existing)
  arns     = { for store, bucket in local.buckets : store => "arn:${data.aws_partition.here.partition}:s3:::${bucket}" }
  expire   = { originals = var.expire_originals, renditions = var.expire_renditions }
}

resource "aws_s3_bucket" "own" {
  for_each      = local.owned
  bucket        = "${var.name}-${each.key}-${data.aws_caller_identity.me.account_id}"
  force_destroy = var.destroy_pictures
}

resource "aws_s3_bucket_public_access_block" "own" {
  for_each                = aws_s3_bucket.own
  bucket                  = each.value.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "own" {
  for_each = aws_s3_bucket.own
  bucket   = each.value.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

# Originals are irreplaceable and the renditions bucket holds the state, so what goes can come back for a while.
resource "aws_s3_bucket_versioning" "own" {
  for_each = aws_s3_bucket.own
  bucket   = each.value.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "own" {
  for_each   = aws_s3_bucket.own
  bucket     = each.value.id
  depends_on = [aws_s3_bucket_versioning.own]
  # Parts of uploads that never ended cost money and are seen nowhere.
  rule {
    id     = "parts"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = 2
    }
  }
  rule {
    id     = "versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.keep_deleted_days
    }
    expiration {
      expired_object_delete_marker = true
    }
  }
  dynamic "rule" {
    for_each = local.expire[each.key]
    content {
      id     = "expire-${rule.key}"
      status = "Enabled"
      filter {
        prefix = rule.key
      }
      expiration {
        days = rule.value
      }
    }
  }
}

# Browsers send tickets and follow links straight to the buckets.
resource "aws_s3_bucket_cors_configuration" "own" {
  for_each = aws_s3_bucket.own
  bucket   = each.value.id
  cors_rule {
    allowed_origins = concat([local.site_url], var.sites)
    allowed_methods = ["GET", "HEAD", "POST", "PUT"]
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

# On a bucket that exists it would replace what others have set.
resource "aws_s3_bucket_notification" "originals" {
  count      = contains(local.owned, "originals") ? 1 : 0
  bucket     = local.buckets["originals"]
  depends_on = [aws_sqs_queue_policy.jobs]
  dynamic "queue" {
    for_each = var.events
    content {
      id            = "thumbsmith-${queue.key}"
      queue_arn     = aws_sqs_queue.jobs.arn
      events        = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*", "s3:LifecycleExpiration:*"]
      filter_prefix = queue.value.prefix
      filter_suffix = queue.value.suffix
    }
  }
}

# ---- Queues -----------------------------------------------------------------------------------------------------------

resource "aws_sqs_queue" "dead" {
  name                      = "${var.name}-dead"
  message_retention_seconds = 1209600
  sqs_managed_sse_enabled   = true
}

resource "aws_sqs_queue" "jobs" {
  name                       = "${var.name}-jobs"
  visibility_timeout_seconds = 6 * local.render_seconds
  message_retention_seconds  = 1209600
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = var.tries
  })
}

# What is old waits here, so that it never stands before somebody's upload.
resource "aws_sqs_queue" "backfill" {
  name                       = "${var.name}-backfill"
  visibility_timeout_seconds = 6 * local.render_seconds
  message_retention_seconds  = 1209600
  sqs_managed_sse_enabled    = true
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead.arn
    maxReceiveCount     = var.tries
  })
}

resource "aws_sqs_queue_redrive_allow_policy" "dead" {
  queue_url = aws_sqs_queue.dead.id
  redrive_allow_policy = jsonencode({
    redrivePermission = "byQueue"
    sourceQueueArns   = [aws_sqs_queue.jobs.arn, aws_sqs_queue.backfill.arn]
  })
}

resource "aws_sqs_queue_policy" "jobs" {
  queue_url = aws_sqs_queue.jobs.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "s3.amazonaws.com" }
      Action    = ["sqs:SendMessage"]
      Resource  = [aws_sqs_queue.jobs.arn]
      Condition = {
        ArnEquals    = { "aws:SourceArn" = local.arns["originals"] }
        StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.me.account_id }
      }
    }]
  })
}

# ---- Functions --------------------------------------------------------------------------------------------------------

locals {
  # The longest render takes 25 s with its reads and writes; a message waits six times this for its next try, as AWS advises.
  render_seconds = 60
  site_domain    = var.domain == "" ? aws_cloudfront_distribution.site.domain_name : var.domain
  site_url       = "https://${local.site_domain}"
  own_secret     = var.jwt == null ? random_password.jwt[0].result : ""
  jwt            = var.jwt == null ? { issuer = var.name, audience = "thumbsmith", jwks = "" } : var.jwt
  issuer         = "issuer=${urlencode(local.jwt.issuer)}&audience=${urlencode(local.jwt.audience)}"
  jwks           = local.jwt.jwks == "" ? "" : "&jwks=${urlencode(local.jwt.jwks)}"
  settings = {
    THUMBSMITH_ORIGINALS      = "s3://${local.buckets["originals"]}?region=${var.region}"
    THUMBSMITH_RENDITIONS     = "s3://${local.buckets["renditions"]}?region=${var.region}"
    THUMBSMITH_QUEUE          = "sqs:${aws_sqs_queue.jobs.id},${aws_sqs_queue.backfill.id}"
    THUMBSMITH_SNS_TOPIC      = aws_sns_topic.told.arn
    THUMBSMITH_WEBHOOK_SECRET = var.webhook_secret
    THUMBSMITH_LOG_LEVEL      = var.log_level
  }
  functions   = toset(["api", "render"])
  render_arch = { arm64 = "arm64", x86_64 = "x64" }[var.architecture]
  render_zip  = "${var.functions}/render-${local.render_arch}.zip"
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "lambda.amazonaws.com" }
      Action    = ["sts:AssumeRole"]
    }]
  })
}

resource "random_password" "jwt" {
  count   = var.jwt == null ? 1 : 0
  length  = 48
  special = false
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${var.name}-${each.key}"
  retention_in_days = var.log_days
}

resource "aws_iam_role" "function" {
  for_each           = local.functions
  name               = "${var.name}-${each.key}"
  assume_role_policy = local.trust
}

# It signs tickets and links, and a signature allows no more than its signer.
resource "aws_iam_role_policy" "api" {
  name = "thumbsmith"
  role = aws_iam_role.function["api"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      # Without it a missing key would read 403, which says nothing.
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.arns["originals"], local.arns["renditions"]] },
      { Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${local.arns["originals"]}/*", "${local.arns["renditions"]}/*"] },
      { Effect = "Allow", Action = ["s3:PutObject"], Resource = concat(
        ["${local.arns["originals"]}/.thumbsmith/*", "${local.arns["renditions"]}/.thumbsmith/*"],
        [for keys in var.original_keys : "${local.arns["originals"]}/${keys}"],
      ) },
      { Effect = "Allow", Action = ["s3:DeleteObject"], Resource = [for keys in var.original_keys : "${local.arns["originals"]}/${keys}"] },
      { Effect = "Allow", Action = ["sqs:SendMessage", "sqs:GetQueueAttributes"], Resource = [aws_sqs_queue.jobs.arn, aws_sqs_queue.backfill.arn] },
      { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.function["api"].arn}:*"] },
    ]
  })
}

resource "aws_iam_role_policy" "render" {
  name = "thumbsmith"
  role = aws_iam_role.function["render"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [local.arns["originals"], local.arns["renditions"]] },
      { Effect = "Allow", Action = ["s3:GetObject"], Resource = ["${local.arns["originals"]}/*", "${local.arns["renditions"]}/*"] },
      { Effect = "Allow", Action = ["s3:PutObject"], Resource = ["${local.arns["originals"]}/.thumbsmith/*"] },
      { Effect = "Allow", Action = ["s3:DeleteObject"], Resource = [for keys in var.original_keys : "${local.arns["originals"]}/${keys}"] },
      { Effect = "Allow", Action = ["s3:PutObject", "s3:DeleteObject", "s3:AbortMultipartUpload"], Resource = concat(
        ["${local.arns["renditions"]}/.thumbsmith/*"],
        [for keys in var.rendition_keys : "${local.arns["renditions"]}/${keys}"],
        [for keys in var.rendition_keys_in_originals : "${local.arns["originals"]}/${keys}"],
      ) },
      {
        Effect   = "Allow"
        Action   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:SendMessage", "sqs:GetQueueAttributes"]
        Resource = [aws_sqs_queue.jobs.arn, aws_sqs_queue.backfill.arn]
      },
      { Effect = "Allow", Action = ["sns:Publish"], Resource = [aws_sns_topic.told.arn] },
      { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.function["render"].arn}:*"] },
    ]
  })
}

resource "aws_lambda_function" "api" {
  function_name    = "${var.name}-api"
  description      = "The API, and the dashboard."
  role             = aws_iam_role.function["api"].arn
  filename         = "${var.functions}/api.zip"
  source_code_hash = filebase64sha256("${var.functions}/api.zip")
  handler          = "dist/hosts/lambda-api.handler"
  runtime          = "nodejs24.x"
  architectures    = [var.architecture]
  memory_size      = 1024
  timeout          = 29
  environment {
    variables = merge(local.settings, {
      THUMBSMITH_AUTH            = "jwt:?${local.issuer}${local.jwks}&operator=${urlencode(var.operator_claim)}"
      THUMBSMITH_AUTH_SECRET     = local.own_secret
      THUMBSMITH_PUBLIC_URL      = local.site_url
      THUMBSMITH_ALLOWED_ORIGINS = join(",", var.sites)
    })
  }
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["api"].name
  }
  depends_on = [aws_iam_role_policy.api]
}

resource "aws_lambda_function" "render" {
  function_name    = "${var.name}-render"
  description      = "Renders what the queue names, and sweeps."
  role             = aws_iam_role.function["render"].arn
  filename         = local.render_zip
  source_code_hash = filebase64sha256(local.render_zip)
  handler          = "dist/hosts/lambda-render.handler"
  runtime          = "nodejs24.x"
  architectures    = [var.architecture]
  # AWS gives processors by memory: this is one whole core.
  memory_size = 1769
  timeout     = local.render_seconds
  environment {
    variables = merge(local.settings, { THUMBSMITH_DECODERS = "1" })
  }
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["render"].name
  }
  depends_on = [aws_iam_role_policy.render]
}

# The ceiling stands here and not at the function: a throttled function would use up the tries of messages that wait.
resource "aws_lambda_event_source_mapping" "jobs" {
  event_source_arn        = aws_sqs_queue.jobs.arn
  function_name           = aws_lambda_function.render.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = var.concurrency
  }
}

resource "aws_lambda_event_source_mapping" "backfill" {
  event_source_arn        = aws_sqs_queue.backfill.arn
  function_name           = aws_lambda_function.render.arn
  batch_size              = 10
  function_response_types = ["ReportBatchItemFailures"]
  scaling_config {
    maximum_concurrency = 2
  }
}

# Only the schedule calls without waiting for the answer, and a sweep that failed is followed by the next one anyway.
resource "aws_lambda_function_event_invoke_config" "sweep" {
  function_name          = aws_lambda_function.render.function_name
  maximum_retry_attempts = 0
}

resource "aws_cloudwatch_event_rule" "sweep" {
  name                = "${var.name}-sweep"
  description         = "Heals what events have missed."
  schedule_expression = var.sweep
}

resource "aws_cloudwatch_event_target" "sweep" {
  rule = aws_cloudwatch_event_rule.sweep.name
  arn  = aws_lambda_function.render.arn
}

resource "aws_lambda_permission" "sweep" {
  statement_id  = "schedule"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.render.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.sweep.arn
}

# ---- The API ----------------------------------------------------------------------------------------------------------

resource "aws_apigatewayv2_api" "api" {
  name          = var.name
  protocol_type = "HTTP"
  # The site is of the same origin and needs none.
  dynamic "cors_configuration" {
    for_each = length(var.sites) == 0 ? [] : [var.sites]
    content {
      allow_origins     = cors_configuration.value
      allow_methods     = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
      allow_headers     = ["authorization", "content-type", "if-none-match", "last-event-id", "range"]
      expose_headers    = ["etag", "retry-after", "location", "x-request-id", "content-range", "www-authenticate"]
      allow_credentials = true
      max_age           = 600
    }
  }
}

resource "aws_apigatewayv2_integration" "api" {
  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.api.invoke_arn
  payload_format_version = "2.0"
}

resource "aws_apigatewayv2_authorizer" "jwt" {
  count            = var.gateway_authorizer ? 1 : 0
  api_id           = aws_apigatewayv2_api.api.id
  name             = "jwt"
  authorizer_type  = "JWT"
  identity_sources = ["$request.header.Authorization"]
  jwt_configuration {
    issuer   = local.jwt.issuer
    audience = [local.jwt.audience]
  }
  lifecycle {
    precondition {
      condition     = var.jwt != null
      error_message = "API Gateway checks tokens of an OpenID issuer only: give jwt too."
    }
  }
}

resource "aws_apigatewayv2_route" "all" {
  api_id    = aws_apigatewayv2_api.api.id
  route_key = "$default"
  target    = "integrations/${aws_apigatewayv2_integration.api.id}"
}

resource "aws_apigatewayv2_route" "signed_in" {
  count              = var.gateway_authorizer ? 1 : 0
  api_id             = aws_apigatewayv2_api.api.id
  route_key          = "ANY /v1/{path+}"
  target             = "integrations/${aws_apigatewayv2_integration.api.id}"
  authorization_type = "JWT"
  authorizer_id      = aws_apigatewayv2_authorizer.jwt[0].id
}

resource "aws_cloudwatch_log_group" "requests" {
  name              = "/aws/apigateway/${var.name}"
  retention_in_days = var.log_days
}

resource "aws_apigatewayv2_stage" "api" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true
  default_route_settings {
    throttling_rate_limit  = var.requests_per_second
    throttling_burst_limit = 2 * var.requests_per_second
  }
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.requests.arn
    format = jsonencode({
      time    = "$context.requestTime"
      method  = "$context.httpMethod"
      path    = "$context.path"
      status  = "$context.status"
      ms      = "$context.responseLatency"
      from    = "$context.identity.sourceIp"
      request = "$context.requestId"
    })
  }
}

resource "aws_lambda_permission" "api" {
  statement_id  = "gateway"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.api.function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*"
}

# ---- The site ---------------------------------------------------------------------------------------------------------

locals {
  # AWS's own policies have the same ids everywhere.
  caching_disabled = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_but_host     = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
  caching_by_path  = "658327ea-f89d-4fab-a63d-7e88639e58f6"
  is_public        = length(var.public_renditions) > 0
}

# The API and the dashboard under one name. The function serves the dashboard with its own headers; what never changes is kept at the edge.
resource "aws_cloudfront_distribution" "site" {
  comment         = var.name
  enabled         = true
  is_ipv6_enabled = true
  http_version    = "http2and3"
  aliases         = var.domain == "" ? [] : [var.domain]

  origin {
    origin_id   = "api"
    domain_name = trimprefix(aws_apigatewayv2_api.api.api_endpoint, "https://")
    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
    }
  }
  dynamic "origin" {
    for_each = local.is_public ? ["renditions"] : []
    content {
      origin_id                = origin.value
      domain_name              = aws_s3_bucket.own["renditions"].bucket_regional_domain_name
      origin_access_control_id = aws_cloudfront_origin_access_control.renditions[0].id
    }
  }

  default_cache_behavior {
    target_origin_id         = "api"
    viewer_protocol_policy   = "redirect-to-https"
    allowed_methods          = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"]
    cached_methods           = ["GET", "HEAD"]
    cache_policy_id          = local.caching_disabled
    origin_request_policy_id = local.all_but_host
    compress                 = true
  }
  dynamic "ordered_cache_behavior" {
    for_each = ["/assets/*", "/packages/*"]
    content {
      path_pattern           = ordered_cache_behavior.value
      target_origin_id       = "api"
      viewer_protocol_policy = "redirect-to-https"
      allowed_methods        = ["GET", "HEAD"]
      cached_methods         = ["GET", "HEAD"]
      cache_policy_id        = local.caching_by_path
      compress               = true
    }
  }
  dynamic "ordered_cache_behavior" {
    for_each = var.public_renditions
    content {
      path_pattern               = "/${ordered_cache_behavior.value}"
      target_origin_id           = "renditions"
      viewer_protocol_policy     = "redirect-to-https"
      allowed_methods            = ["GET", "HEAD"]
      cached_methods             = ["GET", "HEAD"]
      cache_policy_id            = aws_cloudfront_cache_policy.renditions[0].id
      response_headers_policy_id = aws_cloudfront_response_headers_policy.renditions[0].id
      compress                   = false
    }
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }
  viewer_certificate {
    cloudfront_default_certificate = var.domain == ""
    acm_certificate_arn            = var.domain == "" ? null : var.certificate_arn
    ssl_support_method             = var.domain == "" ? null : "sni-only"
    minimum_protocol_version       = var.domain == "" ? null : "TLSv1.2_2021"
  }
  lifecycle {
    precondition {
      condition     = !local.is_public || var.renditions_bucket == ""
      error_message = "public_renditions needs a policy on the renditions bucket, and the policy of a bucket that exists is not ours to replace."
    }
  }
}

resource "aws_cloudfront_origin_access_control" "renditions" {
  count                             = local.is_public ? 1 : 0
  name                              = "${var.name}-renditions"
  origin_access_control_origin_type = "s3"
  signing_behavior                  = "always"
  signing_protocol                  = "sigv4"
}

# Write ?v=<fingerprint> after a link: a new rendition then shows at once.
resource "aws_cloudfront_cache_policy" "renditions" {
  count       = local.is_public ? 1 : 0
  name        = "${var.name}-renditions"
  min_ttl     = 0
  default_ttl = 3600
  max_ttl     = 31536000
  parameters_in_cache_key_and_forwarded_to_origin {
    cookies_config {
      cookie_behavior = "none"
    }
    headers_config {
      header_behavior = "none"
    }
    query_strings_config {
      query_string_behavior = "whitelist"
      query_strings {
        items = ["v"]
      }
    }
  }
}

# What renditions carry names their original; that is nobody's business.
resource "aws_cloudfront_response_headers_policy" "renditions" {
  count = local.is_public ? 1 : 0
  name  = "${var.name}-renditions"
  remove_headers_config {
    items {
      header = "x-amz-meta-thumbsmith-original"
    }
    items {
      header = "x-amz-meta-thumbsmith-fingerprint"
    }
    items {
      header = "x-amz-meta-thumbsmith-readable"
    }
  }
  security_headers_config {
    content_type_options {
      override = true
    }
  }
}

resource "aws_s3_bucket_policy" "renditions" {
  count  = local.is_public ? 1 : 0
  bucket = aws_s3_bucket.own["renditions"].id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudfront.amazonaws.com" }
      Action    = ["s3:GetObject"]
      Resource  = [for keys in var.public_renditions : "${local.arns["renditions"]}/${keys}"]
      Condition = { StringEquals = { "aws:SourceArn" = aws_cloudfront_distribution.site.arn } }
    }]
  })
}

# ---- Mail -------------------------------------------------------------------------------------------------------------

resource "aws_sns_topic" "told" {
  name              = "${var.name}-told"
  kms_master_key_id = "alias/aws/sns"
}

resource "aws_sns_topic_subscription" "told" {
  for_each  = toset(var.emails)
  topic_arn = aws_sns_topic.told.arn
  protocol  = "email"
  endpoint  = each.value
}

# Not encrypted with AWS's own key: alarms cannot use that.
resource "aws_sns_topic" "alarms" {
  name = "${var.name}-alarms"
}

resource "aws_sns_topic_subscription" "alarms" {
  for_each  = toset(var.alarm_emails)
  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

# ---- What watches over it ---------------------------------------------------------------------------------------------

locals {
  alarms = merge(
    {
      dead = {
        says      = "Messages were set aside: look at the logs of ${var.name}-render, then run `thumbsmith retry --dlq`."
        namespace = "AWS/SQS", metric = "ApproximateNumberOfMessagesVisible", statistic = "Maximum"
        of        = { QueueName = aws_sqs_queue.dead.name }
        above     = 0, seconds = 300
      }
      late = {
        says      = "Uploads wait for more than ten minutes to be rendered."
        namespace = "AWS/SQS", metric = "ApproximateAgeOfOldestMessage", statistic = "Maximum"
        of        = { QueueName = aws_sqs_queue.jobs.name }
        above     = 600, seconds = 300
      }
      invocations = {
        says      = "More is rendered in an hour than invocations_per_hour allows: something writes in a loop, or somebody runs up the bill."
        namespace = "AWS/Lambda", metric = "Invocations", statistic = "Sum"
        of        = { FunctionName = aws_lambda_function.render.function_name }
        above     = var.invocations_per_hour, seconds = 3600
      }
    },
    {
      for name in local.functions : "errors-${name}" => {
        says      = "The function ${var.name}-${name} fails. Its log says why."
        namespace = "AWS/Lambda", metric = "Errors", statistic = "Sum"
        of        = { FunctionName = "${var.name}-${name}" }
        above     = 0, seconds = 300
      }
    }
  )
}

resource "aws_cloudwatch_metric_alarm" "alarm" {
  for_each            = local.alarms
  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.says
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.of
  statistic           = each.value.statistic
  period              = each.value.seconds
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.above
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# ---- What comes of it -------------------------------------------------------------------------------------------------

output "site_url" {
  description = "The dashboard, and the API under /v1."
  value       = local.site_url
}

output "site_domain" {
  description = "Where a domain of your own has to point (CNAME or alias)."
  value       = aws_cloudfront_distribution.site.domain_name
}

output "api_url" {
  description = "The API without CloudFront."
  value       = aws_apigatewayv2_api.api.api_endpoint
}

output "originals_bucket" {
  value = local.buckets["originals"]
}

output "renditions_bucket" {
  value = local.buckets["renditions"]
}

output "queue_urls" {
  description = "Jobs, backfill, and what was set aside."
  value       = { jobs = aws_sqs_queue.jobs.id, backfill = aws_sqs_queue.backfill.id, dead = aws_sqs_queue.dead.id }
}

output "jwt_secret" {
  description = "Signs tokens with HS256, where no jwt was given. Issuer: the name; audience: thumbsmith; sub: who it is."
  value       = local.own_secret
  sensitive   = true
}

output "settings" {
  description = "For `thumbsmith` on your own machine, with your own credentials: `apply`, `doctor`, `retry --dlq`."
  value       = { for name, value in local.settings : name => value if name != "THUMBSMITH_WEBHOOK_SECRET" }
  sensitive   = true
}

output "existing_buckets" {
  description = "What buckets that existed before still need. The command prints every change first, and replaces nothing of others."
  value = length(local.existing) == 0 ? "" : join(" ", [
    "THUMBSMITH_ORIGINALS=s3://${local.buckets["originals"]}",
    "THUMBSMITH_RENDITIONS=s3://${local.buckets["renditions"]}",
    "THUMBSMITH_PUBLIC_URL=${local.site_url}",
    "npx thumbsmith setup --dry-run --events ${aws_sqs_queue.jobs.arn}",
  ])
}
