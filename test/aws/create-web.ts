// The HTTP API and the distribution before it, as Terraform's AWS provider would make them.
import { call, callRest, inXml, type Place } from './call.ts'
import { type Creators, camel, type Values } from './creators.ts'

const CLOUDFRONT = '/2020-05-31'

export function webCreators(place: Place): Creators {
  const api = (path: string, values: object) => callRest(place, 'apigateway', 'POST', `/v2/apis${path}`, values)

  async function cloudfront(path: string, root: string, content: unknown): Promise<string> {
    const namespace = 'http://cloudfront.amazonaws.com/doc/2020-05-31/'
    const body = `<${root} xmlns="${namespace}">${xml(content)}</${root}>`
    const headers = { 'content-type': 'application/xml' }
    return call(place, { service: 'cloudfront', path: CLOUDFRONT + path, headers, body })
  }

  return {
    async aws_apigatewayv2_api({ cors_configuration, ...values }) {
      const [cors] = (cors_configuration ?? []) as Values[]
      const { apiId, apiEndpoint } = await api('', {
        ...(camel(values) as object),
        ...(cors && { corsConfiguration: camel(cors) }),
      })
      const execution_arn = `arn:aws:execute-api:${place.region}:000000000000:${apiId}`
      // As AWS has it: always https, and never a port.
      const api_endpoint = `https://${new URL(apiEndpoint!).hostname}`
      return { id: apiId!, execution_arn, api_endpoint }
    },
    async aws_apigatewayv2_integration({ api_id, ...values }) {
      const { integrationId } = await api(`/${api_id}/integrations`, camel(values) as object)
      return { id: integrationId! }
    },
    async aws_apigatewayv2_authorizer({ api_id, identity_sources, jwt_configuration, ...values }) {
      const { authorizerId } = await api(`/${api_id}/authorizers`, {
        ...(camel(values) as object),
        identitySource: identity_sources,
        jwtConfiguration: (camel(jwt_configuration!) as object[])[0],
      })
      return { id: authorizerId! }
    },
    async aws_apigatewayv2_route({ api_id, ...values }) {
      await api(`/${api_id}/routes`, camel(values) as object)
      return {}
    },
    async aws_apigatewayv2_stage({ api_id, name, auto_deploy, default_route_settings, access_log_settings }) {
      await api(`/${api_id}/stages`, {
        stageName: name,
        autoDeploy: auto_deploy,
        defaultRouteSettings: (camel(default_route_settings!) as object[])[0],
        accessLogSettings: (camel(access_log_settings!) as object[])[0],
      })
      return {}
    },
    async aws_cloudfront_origin_access_control(values) {
      const created = await cloudfront('/origin-access-control', 'OriginAccessControlConfig', {
        Name: values.name,
        SigningProtocol: values.signing_protocol,
        SigningBehavior: values.signing_behavior,
        OriginAccessControlOriginType: values.origin_access_control_origin_type,
      })
      return { id: inXml(created, 'Id') }
    },
    async aws_cloudfront_cache_policy(values) {
      const [key] = values.parameters_in_cache_key_and_forwarded_to_origin as Values[]
      const [cookies] = key!.cookies_config as Values[]
      const [headers] = key!.headers_config as Values[]
      const [strings] = key!.query_strings_config as Values[]
      const created = await cloudfront('/cache-policy', 'CachePolicyConfig', {
        Name: values.name,
        MinTTL: values.min_ttl,
        DefaultTTL: values.default_ttl,
        MaxTTL: values.max_ttl,
        ParametersInCacheKeyAndForwardedToOrigin: {
          EnableAcceptEncodingGzip: false,
          HeadersConfig: { HeaderBehavior: headers!.header_behavior },
          CookiesConfig: { CookieBehavior: cookies!.cookie_behavior },
          QueryStringsConfig: {
            QueryStringBehavior: strings!.query_string_behavior,
            QueryStrings: listOf('Name', (strings!.query_strings as Values[])[0]!.items as string[]),
          },
        },
      })
      return { id: inXml(created, 'Id') }
    },
    async aws_cloudfront_response_headers_policy(values) {
      const [removed] = values.remove_headers_config as Values[]
      const [security] = values.security_headers_config as Values[]
      const [types] = security!.content_type_options as Values[]
      const created = await cloudfront('/response-headers-policy', 'ResponseHeadersPolicyConfig', {
        Name: values.name,
        SecurityHeadersConfig: { ContentTypeOptions: { Override: types!.override } },
        RemoveHeadersConfig: listOf(
          'ResponseHeadersPolicyRemoveHeader',
          (removed!.items as Values[]).map(({ header }) => ({ Header: header })),
        ),
      })
      return { id: inXml(created, 'Id') }
    },
    async aws_cloudfront_distribution(values, tags) {
      const [restrictions] = values.restrictions as Values[]
      const [geo] = restrictions!.geo_restriction as Values[]
      const [certificate] = values.viewer_certificate as Values[]
      const aliases = values.aliases as string[]
      if (aliases.length) throw new Error('The emulator makes no names of one’s own')
      const config = {
        CallerReference: JSON.stringify(tags),
        Aliases: listOf('CNAME', aliases),
        Comment: values.comment,
        Enabled: values.enabled,
        IsIPV6Enabled: values.is_ipv6_enabled,
        HttpVersion: values.http_version,
        Origins: listOf('Origin', (values.origin as Values[]).map(originOf)),
        DefaultCacheBehavior: behaviourOf((values.default_cache_behavior as Values[])[0]!),
        CacheBehaviors: listOf('CacheBehavior', (values.ordered_cache_behavior as Values[]).map(behaviourOf)),
        Restrictions: { GeoRestriction: { RestrictionType: geo!.restriction_type, Quantity: 0 } },
        ViewerCertificate: { CloudFrontDefaultCertificate: certificate!.cloudfront_default_certificate },
      }
      const created = await cloudfront('/distribution', 'DistributionConfig', config)
      return { id: inXml(created, 'Id'), arn: inXml(created, 'ARN'), domain_name: inXml(created, 'DomainName') }
    },
  }
}

function originOf({ origin_id, domain_name, origin_access_control_id, custom_origin_config }: Values) {
  const [custom] = (custom_origin_config ?? []) as Values[]
  return {
    Id: origin_id,
    DomainName: domain_name,
    ...(origin_access_control_id && {
      OriginAccessControlId: origin_access_control_id,
      S3OriginConfig: { OriginAccessIdentity: '' },
    }),
    ...(custom && {
      CustomOriginConfig: {
        HTTPPort: custom.http_port,
        HTTPSPort: custom.https_port,
        OriginProtocolPolicy: custom.origin_protocol_policy,
        OriginSslProtocols: listOf('SslProtocol', custom.origin_ssl_protocols as string[]),
      },
    }),
  }
}

function behaviourOf(values: Values) {
  return {
    ...(values.path_pattern && { PathPattern: values.path_pattern }),
    TargetOriginId: values.target_origin_id,
    ViewerProtocolPolicy: values.viewer_protocol_policy,
    AllowedMethods: {
      ...listOf('Method', values.allowed_methods as string[]),
      CachedMethods: listOf('Method', values.cached_methods as string[]),
    },
    CachePolicyId: values.cache_policy_id,
    ...(values.origin_request_policy_id && { OriginRequestPolicyId: values.origin_request_policy_id }),
    ...(values.response_headers_policy_id && { ResponseHeadersPolicyId: values.response_headers_policy_id }),
    Compress: values.compress,
  }
}

const listOf = (name: string, items: unknown[]) => ({ Quantity: items.length, Items: { [name]: items } })

function xml(value: unknown): string {
  if (value === null || typeof value !== 'object')
    return String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  return Object.entries(value)
    .flatMap(([name, inner]) => [inner].flat().map((one) => `<${name}>${xml(one)}</${name}>`))
    .join('')
}
