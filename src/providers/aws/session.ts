import type { IAMClient, IAMClientConfig } from "@aws-sdk/client-iam";
import type { Route53Client } from "@aws-sdk/client-route-53";
import type { S3Client } from "@aws-sdk/client-s3";
import type { SSMClient } from "@aws-sdk/client-ssm";
import type { STSClient } from "@aws-sdk/client-sts";
import {
  type Clock,
  defined,
  errorText,
  PodtrustError,
  setting,
  systemClock,
  partitionOf,
} from "../../core/base/index.ts";
import { EgressAgent } from "../../core/http/index.ts";
import type { AwsAccess } from "./access.ts";
import { AdaptiveRate } from "./adaptive-rate.ts";
import { sessionsFor } from "./s3-session.ts";

// The SDK's own default, which it gives to agents of its own alone.
const maxSockets = 50;

/**
 * One exchange with AWS: enough for a slow day, short enough that a dead endpoint is reported within half a minute. By
 * default the SDK only warns of an answer that does not begin, and keeps waiting for one that stops in the middle.
 */
function boundsOf({ answerWithinMs = 20_000 }: AwsAccess) {
  return {
    httpsAgent: new EgressAgent({ maxSockets }),
    connectionTimeout: 5000,
    requestTimeout: answerWithinMs,
    throwOnRequestTimeout: true,
    socketTimeout: answerWithinMs,
  };
}

// The SDK's standard mode: throttling and 5xx are tried again with growing, jittered waits.
const defaultAttempts = 5;

/** Clients of one account, each loaded when it is first asked for. Opening a session makes no request. */
export interface AwsSession {
  readonly region: string;
  readonly partition: string;
  readonly clock: Clock;
  /** How often a call is tried while the network or AWS fails. */
  readonly attempts: number;
  /** The pace that IAM lets through. */
  readonly pace: AdaptiveRate;
  /** Tries each call once: `iamOf` paces and repeats. */
  iam(): Promise<IAMClient>;
  sts(): Promise<STSClient>;
  ssm(): Promise<SSMClient>;
  route53(): Promise<Route53Client>;
  /** For one bucket. */
  s3(bucket: string): Promise<S3Client>;
  /** Closes kept-alive connections. */
  close(): void;
}

type Credentials = NonNullable<IAMClientConfig["credentials"]>;
type AwsCredentialIdentity = Exclude<Credentials, (...args: never[]) => unknown>;

type Provider = () => Promise<AwsCredentialIdentity>;

interface NamedProfile {
  readonly name: string;
  /** Where the name comes from: `the config`. */
  readonly from: string;
}

/** The profile that credentials come from, where one is named. */
function profileOf({ profile, credentials }: AwsAccess): NamedProfile | undefined {
  if (profile !== undefined) return { name: profile, from: "the config" };
  const name = setting(process.env, "AWS_PROFILE") ?? "";
  return name === "" || credentials !== undefined ? undefined : { name, from: "AWS_PROFILE" };
}

/** The SDK's own error does not say which profile it looked for. */
function named({ name, from }: NamedProfile, provider: Provider): Provider {
  return async () => {
    try {
      return await provider();
    } catch (cause) {
      const message = `profile ${name} of ${from} gives no credentials: ${errorText(cause)}`;
      const next = `Check that the profile exists (aws configure list-profiles) and is signed in (aws sso login --profile ${name}), or correct ${from}.`;
      throw new PodtrustError("aws-no-credentials", message, { cause, next });
    }
  };
}

async function credentialsOf(access: AwsAccess): Promise<Credentials | undefined> {
  const { credentials, assumeRole, region, endpoint } = access;
  const own = credentials === undefined ? undefined : { ...credentials };
  const profile = profileOf(access);
  if (assumeRole === undefined && (own !== undefined || profile === undefined)) return own;
  const { fromNodeProviderChain, fromTemporaryCredentials } = await import("@aws-sdk/credential-providers");
  const found = (): Provider =>
    profile === undefined
      ? fromNodeProviderChain()
      : named(profile, fromNodeProviderChain({ profile: profile.name }));
  const base = own ?? found();
  if (assumeRole === undefined) return base;
  return fromTemporaryCredentials({
    masterCredentials: base,
    params: { RoleArn: assumeRole, RoleSessionName: "podtrust" },
    clientConfig: {
      region,
      requestHandler: boundsOf(access),
      ...defined({ endpoint }),
    },
  });
}

/** Credentials for S3 at an endpoint that a config names; nothing for AWS's own. */
async function guarded(
  { s3Endpoint, consenting = { env: process.env } }: AwsAccess,
  found: Credentials | undefined,
): Promise<{ readonly credentials?: Provider }> {
  if (s3Endpoint === undefined) return {};
  const { fromNodeProviderChain } = await import("@aws-sdk/credential-providers");
  const chain = (): Provider =>
    found === undefined ? fromNodeProviderChain() : () => Promise.resolve(found as AwsCredentialIdentity);
  const provider = typeof found === "function" ? (found as Provider) : chain();
  return { credentials: sessionsFor(s3Endpoint, provider, consenting) };
}

/** Remembers the promise, so that a client is made once. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** Opens a session; nothing is loaded or asked yet. */
export function openAws(access: AwsAccess): AwsSession {
  const opened: { destroy(): void }[] = [];
  const { clock = systemClock, attempts = defaultAttempts } = access;
  const keep = <T extends { destroy(): void }>(client: T): T => {
    opened.push(client);
    return client;
  };
  const settings = once(async () => {
    const credentials = await credentialsOf(access);
    return {
      region: access.region,
      maxAttempts: attempts,
      requestHandler: boundsOf(access),
      ...defined({ endpoint: access.endpoint, credentials }),
    };
  });
  return {
    region: access.region,
    partition: partitionOf(access.region),
    clock,
    attempts,
    pace: new AdaptiveRate(clock, access.onSlowDown),
    iam: once(async () => {
      const [{ IAMClient }, config] = await Promise.all([import("@aws-sdk/client-iam"), settings()]);
      return keep(new IAMClient({ ...config, maxAttempts: 1 }));
    }),
    sts: once(async () => {
      const [{ STSClient }, config] = await Promise.all([import("@aws-sdk/client-sts"), settings()]);
      return keep(new STSClient(config));
    }),
    ssm: once(async () => {
      const [{ SSMClient }, config] = await Promise.all([import("@aws-sdk/client-ssm"), settings()]);
      return keep(new SSMClient(config));
    }),
    route53: once(async () => {
      const [{ Route53Client }, config] = await Promise.all([import("@aws-sdk/client-route-53"), settings()]);
      return keep(new Route53Client(config));
    }),
    async s3(bucket) {
      const [{ S3Client }, config] = await Promise.all([import("@aws-sdk/client-s3"), settings()]);
      const endpoint = access.s3Endpoint ?? access.endpoint;
      const own = { ...defined({ endpoint }), ...(await guarded(access, config.credentials)) };
      // A host name with the bucket's dots in it is covered by no certificate, and services beside AWS's
      // need not have host names for buckets at all.
      const forcePathStyle = bucket.includes(".") || endpoint !== undefined;
      return keep(new S3Client({ ...config, ...own, forcePathStyle }));
    },
    close() {
      for (const client of opened.splice(0)) client.destroy();
    },
  };
}
