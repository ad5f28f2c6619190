// Buckets, queues and topics, as Terraform's AWS provider would make them, through the SDK.
import * as S3 from '@aws-sdk/client-s3'
import * as SNS from '@aws-sdk/client-sns'
import * as SQS from '@aws-sdk/client-sqs'
import { KEYS, type Place } from './call.ts'
import type { Creators, Values } from './creators.ts'

const texts = (values: Values): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]))
const blocks = (value: unknown) => (value ?? []) as Values[]
const one = (value: unknown): Values => blocks(value)[0] ?? {}

export function storageCreators(place: Place): Creators {
  const where = { ...place, credentials: KEYS }
  const s3 = new S3.S3Client({ ...where, forcePathStyle: true })
  const sqs = new SQS.SQSClient(where)
  const sns = new SNS.SNSClient(where)
  const inBucket = ({ bucket }: Values) => ({ Bucket: bucket as string })

  async function setQueue(url: unknown, attributes: Values): Promise<void> {
    await sqs.send(new SQS.SetQueueAttributesCommand({ QueueUrl: String(url), Attributes: texts(attributes) }))
  }

  return {
    async aws_s3_bucket({ bucket, force_destroy: _ }, tags) {
      const Bucket = bucket as string
      await s3.send(new S3.CreateBucketCommand({ Bucket }))
      const TagSet = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
      await s3.send(new S3.PutBucketTaggingCommand({ Bucket, Tagging: { TagSet } }))
      const domain = `${Bucket}.s3.${place.region}.amazonaws.com`
      return { id: Bucket, arn: `arn:aws:s3:::${Bucket}`, bucket_regional_domain_name: domain }
    },
    async aws_s3_bucket_public_access_block(values) {
      const PublicAccessBlockConfiguration = {
        BlockPublicAcls: values.block_public_acls as boolean,
        BlockPublicPolicy: values.block_public_policy as boolean,
        IgnorePublicAcls: values.ignore_public_acls as boolean,
        RestrictPublicBuckets: values.restrict_public_buckets as boolean,
      }
      await s3.send(new S3.PutPublicAccessBlockCommand({ ...inBucket(values), PublicAccessBlockConfiguration }))
      return {}
    },
    async aws_s3_bucket_server_side_encryption_configuration(values) {
      const { sse_algorithm } = one(one(values.rule).apply_server_side_encryption_by_default)
      const Rules = [{ ApplyServerSideEncryptionByDefault: { SSEAlgorithm: sse_algorithm as S3.ServerSideEncryption } }]
      const ServerSideEncryptionConfiguration = { Rules }
      await s3.send(new S3.PutBucketEncryptionCommand({ ...inBucket(values), ServerSideEncryptionConfiguration }))
      return {}
    },
    async aws_s3_bucket_versioning(values) {
      const Status = one(values.versioning_configuration).status as S3.BucketVersioningStatus
      await s3.send(new S3.PutBucketVersioningCommand({ ...inBucket(values), VersioningConfiguration: { Status } }))
      return {}
    },
    async aws_s3_bucket_lifecycle_configuration(values) {
      const Rules = blocks(values.rule).map((rule): S3.LifecycleRule => {
        const expiration = one(rule.expiration)
        const { days_after_initiation } = one(rule.abort_incomplete_multipart_upload)
        const { noncurrent_days } = one(rule.noncurrent_version_expiration)
        const { prefix = '' } = one(rule.filter)
        return {
          ID: rule.id as string,
          Status: rule.status as S3.ExpirationStatus,
          Filter: { Prefix: prefix as string },
          ...(rule.expiration !== undefined && {
            Expiration: {
              ...(expiration.days !== undefined && { Days: expiration.days as number }),
              ...(expiration.expired_object_delete_marker !== undefined && { ExpiredObjectDeleteMarker: true }),
            },
          }),
          ...(noncurrent_days !== undefined && {
            NoncurrentVersionExpiration: { NoncurrentDays: noncurrent_days as number },
          }),
          ...(days_after_initiation !== undefined && {
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: days_after_initiation as number },
          }),
        }
      })
      const LifecycleConfiguration = { Rules }
      await s3.send(new S3.PutBucketLifecycleConfigurationCommand({ ...inBucket(values), LifecycleConfiguration }))
      return {}
    },
    async aws_s3_bucket_cors_configuration(values) {
      const CORSRules = blocks(values.cors_rule).map((rule) => ({
        AllowedOrigins: rule.allowed_origins as string[],
        AllowedMethods: rule.allowed_methods as string[],
        AllowedHeaders: rule.allowed_headers as string[],
        ExposeHeaders: rule.expose_headers as string[],
        MaxAgeSeconds: rule.max_age_seconds as number,
      }))
      await s3.send(new S3.PutBucketCorsCommand({ ...inBucket(values), CORSConfiguration: { CORSRules } }))
      return {}
    },
    async aws_s3_bucket_notification(values) {
      const QueueConfigurations = blocks(values.queue).map((queue): S3.QueueConfiguration => {
        const filters = { prefix: queue.filter_prefix as string, suffix: queue.filter_suffix as string }
        const named = Object.entries(filters).filter(([, value]) => value !== '')
        return {
          Id: queue.id as string,
          QueueArn: queue.queue_arn as string,
          Events: queue.events as S3.Event[],
          Filter: { Key: { FilterRules: named.map(([Name, Value]) => ({ Name: Name as S3.FilterRuleName, Value })) } },
        }
      })
      const NotificationConfiguration = { QueueConfigurations }
      const put = { ...inBucket(values), NotificationConfiguration }
      await s3.send(new S3.PutBucketNotificationConfigurationCommand(put))
      return {}
    },
    async aws_s3_bucket_policy(values) {
      await s3.send(new S3.PutBucketPolicyCommand({ ...inBucket(values), Policy: values.policy as string }))
      return {}
    },
    async aws_sqs_queue({ name, ...values }, tags) {
      const named: [string, unknown][] = [
        ['VisibilityTimeout', values.visibility_timeout_seconds],
        ['MessageRetentionPeriod', values.message_retention_seconds],
        ['SqsManagedSseEnabled', values.sqs_managed_sse_enabled],
        ['RedrivePolicy', values.redrive_policy],
      ]
      const given = Object.fromEntries(named.filter(([, value]) => value !== undefined)) as Values
      const create = { QueueName: name as string, Attributes: texts(given), tags }
      const { QueueUrl = '' } = await sqs.send(new SQS.CreateQueueCommand(create))
      const ask = new SQS.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] })
      const { Attributes } = await sqs.send(ask)
      return { id: QueueUrl, url: QueueUrl, arn: Attributes!.QueueArn! }
    },
    async aws_sqs_queue_policy({ queue_url, policy }) {
      await setQueue(queue_url, { Policy: policy! })
      return {}
    },
    async aws_sqs_queue_redrive_allow_policy({ queue_url, redrive_allow_policy }) {
      await setQueue(queue_url, { RedriveAllowPolicy: redrive_allow_policy! })
      return {}
    },
    async aws_sns_topic({ name, kms_master_key_id }, tags) {
      const create = {
        Name: name as string,
        ...(kms_master_key_id !== undefined && { Attributes: { KmsMasterKeyId: kms_master_key_id as string } }),
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }
      const { TopicArn = '' } = await sns.send(new SNS.CreateTopicCommand(create))
      return { id: TopicArn, arn: TopicArn }
    },
    async aws_sns_topic_subscription({ topic_arn, protocol, endpoint }) {
      const subscribe = { TopicArn: topic_arn as string, Protocol: protocol as string, Endpoint: endpoint as string }
      await sns.send(new SNS.SubscribeCommand(subscribe))
      return {}
    },
  }
}
