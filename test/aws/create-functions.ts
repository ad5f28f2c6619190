// Roles, functions, logs, schedules and alarms, as Terraform's AWS provider would make them.
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { callForm, callJson, callRest, inXml, type Place } from './call.ts'
import { type Creators, pascal, type Values } from './creators.ts'

const LAMBDA = '/2015-03-31/functions'

export function functionCreators(place: Place): Creators {
  const account = '000000000000'

  async function lambdaFunction({ filename, source_code_hash: _, role, environment, ...values }: Values, tags: object) {
    const created = await callRest(place, 'lambda', 'POST', LAMBDA, {
      ...(pascal(values) as object),
      Role: role,
      LoggingConfig: (pascal(values) as { LoggingConfig: object[] }).LoggingConfig[0],
      Environment: { Variables: (environment as Values[])[0]!.variables },
      Code: { ZipFile: readFileSync(filename as string).toString('base64') },
      Tags: tags,
    })
    const arn = created.FunctionArn!
    const path = `path/2015-03-31/functions/${arn}/invocations`
    return { arn, id: created.FunctionName!, invoke_arn: `arn:aws:apigateway:${place.region}:lambda:${path}` }
  }

  return {
    async random_password({ length, special: _ }) {
      const result = randomBytes(length as number)
        .toString('hex')
        .slice(0, length as number)
      return { result, id: 'none' }
    },
    async aws_iam_role({ name, assume_role_policy }) {
      const form = { Action: 'CreateRole', Version: '2010-05-08', RoleName: name as string }
      const xml = await callForm(place, 'iam', { ...form, AssumeRolePolicyDocument: assume_role_policy as string })
      return { id: name!, arn: inXml(xml, 'Arn') }
    },
    async aws_iam_role_policy({ name, role, policy }) {
      const form = { Action: 'PutRolePolicy', Version: '2010-05-08', RoleName: role as string }
      await callForm(place, 'iam', { ...form, PolicyName: name as string, PolicyDocument: policy as string })
      return {}
    },
    aws_lambda_function: lambdaFunction,
    async aws_lambda_event_source_mapping(values) {
      const { ScalingConfig, ...mapping } = pascal(values) as { ScalingConfig: object[] }
      await callRest(place, 'lambda', 'POST', '/2015-03-31/event-source-mappings', {
        ...mapping,
        ScalingConfig: ScalingConfig[0],
      })
      return {}
    },
    async aws_lambda_function_event_invoke_config({ function_name, ...values }) {
      const path = `/2019-09-25/functions/${function_name}/event-invoke-config`
      await callRest(place, 'lambda', 'PUT', path, pascal(values) as object)
      return {}
    },
    async aws_lambda_permission({ function_name, ...values }) {
      await callRest(place, 'lambda', 'POST', `${LAMBDA}/${function_name}/policy`, pascal(values) as object)
      return {}
    },
    async aws_cloudwatch_log_group({ name, retention_in_days }, tags) {
      await callJson(place, 'logs', 'Logs_20140328.CreateLogGroup', { logGroupName: name, tags })
      const retention = { logGroupName: name, retentionInDays: retention_in_days }
      await callJson(place, 'logs', 'Logs_20140328.PutRetentionPolicy', retention)
      return { id: name!, arn: `arn:aws:logs:${place.region}:${account}:log-group:${name}` }
    },
    async aws_cloudwatch_event_rule(values) {
      const { RuleArn } = await callJson(place, 'events', 'AWSEvents.PutRule', pascal(values) as object)
      return { id: values.name!, arn: RuleArn! }
    },
    async aws_cloudwatch_event_target({ rule, arn }) {
      await callJson(place, 'events', 'AWSEvents.PutTargets', { Rule: rule, Targets: [{ Id: 'terraform', Arn: arn }] })
      return {}
    },
    async aws_cloudwatch_metric_alarm({ alarm_actions, ok_actions, dimensions, treat_missing_data, ...values }) {
      const numbered = (name: string, list: unknown) =>
        Object.fromEntries((list as string[]).map((item, i) => [`${name}.member.${i + 1}`, item]))
      const names = Object.entries(dimensions as Record<string, string>)
      await callForm(place, 'monitoring', {
        Action: 'PutMetricAlarm',
        Version: '2010-08-01',
        ...(pascal(values) as Record<string, string>),
        TreatMissingData: treat_missing_data as string,
        ...numbered('AlarmActions', alarm_actions),
        ...numbered('OKActions', ok_actions),
        'Dimensions.member.1.Name': names[0]![0],
        'Dimensions.member.1.Value': names[0]![1],
      })
      return {}
    },
  }
}
