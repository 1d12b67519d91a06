import { credentialVariable } from "../../core/credentials/index.ts";
import type { AwsAccess } from "../../providers/aws/index.ts";
import { defined, PodtrustError, setting } from "../../core/base/index.ts";
import { awsBounds, readIssuer, servedDocuments } from "../../issuer/index.ts";
import { type Jws, parseIssuer, parseJws } from "../../rules/oidc/index.ts";
import {
  factsOfTrustPolicy,
  parsePolicy,
  type ProviderFacts,
  type RoleArn,
  type RoleFacts,
  unknownChain,
} from "../../rules/trust/index.ts";
import type { IssuerDocuments } from "../../rules/judge/index.ts";
import type { CommandContext } from "../context.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import { readTextFile } from "../../core/command-line/index.ts";

const kibibyte = 1024;

/** The token, and notes on its file. */
export interface GivenToken {
  readonly text: string;
  readonly jws: Jws;
  readonly notes: readonly string[];
}

/** Reads the token's file; throws `file-unreadable`, or `token-invalid` for what is not a token at all. */
export async function readToken(context: CommandContext, name: string): Promise<GivenToken> {
  // Tokens begin so, being JSON in base64url; an error about the file would print it.
  if (/^eyJ[\w-]+\.[\w-]+\.[\w-]*$/u.test(name)) {
    throw new PodtrustError("usage", "--token takes a file, and this is a token itself", {
      next: "Put the token into a file, or give it on standard input with --token -; arguments can be seen by other users.",
    });
  }
  const whole = await readTextFile(context, {
    option: "--token",
    name,
    credential: "explained-token",
    stdin: true,
  });
  const text = whole.replace(/\r?\n$/u, "");
  const notes =
    text === whole
      ? []
      : [
          "The token's file ends in a line break, which is left out here. SDKs send a file as it is: write it without.",
        ];
  return { text, jws: parseJws(text), notes };
}

/** An OIDC provider with what is needed to fetch from it. */
export interface ExplainedProvider extends ProviderFacts {
  readonly thumbprints: readonly string[];
}

/** Role and providers, wherever they come from. */
export interface ExplainedAccount {
  readonly role: RoleFacts | undefined;
  readonly providers: readonly ExplainedProvider[];
  /** What was assumed. */
  readonly notes: readonly string[];
}

/** Role and providers as a trust policy in a file has them; throws PolicyError for what IAM would not accept. */
export async function factsOfPolicy(
  context: CommandContext,
  name: string,
  role: RoleArn,
  clientIds: readonly string[],
): Promise<ExplainedAccount> {
  const text = await readTextFile(context, { option: "--trust-policy", name, maxBytes: 256 * kibibyte });
  const facts = factsOfTrustPolicy(parsePolicy(text, "trust"), role, clientIds);
  return {
    role: facts.role,
    providers: facts.providers.map((one) => ({ ...one, thumbprints: [] })),
    notes: [
      `IAM was not asked: the role is assumed to exist with the longest MaxSessionDuration, and the providers that the trust policy names to be registered with the client IDs ${clientIds.join(", ")}.`,
    ],
  };
}

const defaultRegions: Readonly<Record<string, string>> = {
  "aws-cn": "cn-north-1",
  "aws-us-gov": "us-gov-west-1",
};

/** The credentials for IAM: the shell's, or the SDK's whole chain without any. */
function accessOf({ env, clock }: CommandContext, role: RoleArn): AwsAccess {
  const region =
    setting(env, "AWS_REGION") ??
    setting(env, "AWS_DEFAULT_REGION") ??
    defaultRegions[role.partition] ??
    "us-east-1";
  const id = credentialVariable(env, "aws", "AWS_ACCESS_KEY_ID")?.value;
  const secret = credentialVariable(env, "aws", "AWS_SECRET_ACCESS_KEY")?.value;
  const token = credentialVariable(env, "aws", "AWS_SESSION_TOKEN")?.value;
  const endpoint = setting(env, "AWS_ENDPOINT_URL");
  const [iam, sts] = [setting(env, "AWS_ENDPOINT_URL_IAM"), setting(env, "AWS_ENDPOINT_URL_STS")];
  return {
    region,
    clock,
    // With an address for each service the SDK knows best.
    ...(endpoint === undefined || iam !== undefined || sts !== undefined ? {} : { endpoint }),
    ...(id === undefined || secret === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: id,
            secretAccessKey: secret,
            ...defined({ sessionToken: token }),
          },
        }),
  };
}

/** Role and providers as IAM has them; throws `aws-*`, also when the credentials are of another account. */
export async function factsOfAccount(context: CommandContext, asked: RoleArn): Promise<ExplainedAccount> {
  const aws = await import("../../providers/aws/index.ts");
  const session = aws.openAws(accessOf(context, asked));
  const { signal } = context;
  try {
    const caller = await aws.callerIdentity(session, signal);
    if (caller.account !== asked.account) {
      throw new PodtrustError(
        "aws-wrong-account",
        `the role is of account ${asked.account}, and the credentials are of account ${caller.account} (${caller.arn})`,
        {
          next: `Use credentials of account ${asked.account}, or give the trust policy by --trust-policy FILE.`,
        },
      );
    }
    const [found, providers] = await Promise.all([
      aws.readRole(session, asked.arn, signal),
      aws.readOidcProviders(session, signal),
    ]);
    return { role: found === undefined ? undefined : aws.trustedRole(found), providers, notes: [] };
  } finally {
    session.close();
  }
}

/** Where the issuer's documents come from: two files, or the issuer, reached by these options. */
export interface DocumentSources extends RouteOptions {
  readonly discovery?: string;
  readonly jwks?: string;
}

/** The issuer's documents from files. */
async function documentsOfFiles(
  context: CommandContext,
  discovery: string,
  jwks: string,
): Promise<IssuerDocuments> {
  const { discoveryBytes, jwksBytes } = awsBounds;
  const [one, other] = await Promise.all([
    readTextFile(context, { option: "--discovery", name: discovery, maxBytes: discoveryBytes }),
    readTextFile(context, { option: "--jwks", name: jwks, maxBytes: jwksBytes }),
  ]);
  return { ok: true, discovery: one, jwks: other };
}

/** The issuer's documents for a relying party that has no thumbprints: from files, or fetched as these options say. */
export async function documentsOf(
  context: CommandContext,
  from: DocumentSources,
  issuer: string,
): Promise<IssuerDocuments> {
  const { discovery, jwks } = from;
  if (discovery !== undefined && jwks !== undefined) return documentsOfFiles(context, discovery, jwks);
  parseIssuer(issuer);
  const route = await routeOf(context, from);
  return servedDocuments(await readIssuer(issuer, { route, signal: context.signal }));
}

/** The issuer's documents, undefined where AWS would not fetch them, and what was assumed about them. */
export interface ExplainedDocuments {
  readonly documents: IssuerDocuments | undefined;
  readonly notes: readonly string[];
}

/** `--ca` stands in for the public roots: what AWS does with a private CA. */
function caNotes(documents: IssuerDocuments, { arn, thumbprints }: ExplainedProvider): readonly string[] {
  const chain = unknownChain(documents, thumbprints);
  if (chain === undefined) return [];
  return [
    `The issuer's certificate is verified by --ca. If that is a private CA, AWS refuses the token: none of the certificates (SHA-1 ${chain.join(", ")}) is among the thumbprints of ${arn} (${thumbprints.join(", ")}).`,
  ];
}

/**
 * The issuer's documents: from files, or fetched as AWS would, within its limits. Undefined when no registered
 * provider is the token's, since AWS would not fetch then.
 */
export async function documentsFor(
  context: CommandContext,
  from: DocumentSources,
  jws: Jws,
  providers: readonly ExplainedProvider[],
): Promise<ExplainedDocuments> {
  const { discovery, jwks } = from;
  if (discovery !== undefined && jwks !== undefined)
    return { documents: await documentsOfFiles(context, discovery, jwks), notes: [] };
  const provider = providers.find(({ url }) => `https://${url}` === jws.claims["iss"]);
  if (provider === undefined) return { documents: undefined, notes: [] };
  const route = { ...(await routeOf(context, from)), thumbprints: provider.thumbprints };
  const reading = await readIssuer(`https://${provider.url}`, { route, signal: context.signal });
  return { documents: servedDocuments(reading), notes: caNotes(servedDocuments(reading, route), provider) };
}
