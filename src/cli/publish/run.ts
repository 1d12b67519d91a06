import { type PublicAccess, readPublicAccess } from "../../providers/aws/index.ts";
import { asPodtrustError } from "../../core/base/index.ts";
import { type Config, publisherOf, type S3Config } from "../../config/index.ts";
import { openKubernetes } from "../../providers/kubernetes/index.ts";
import { seeIssuer } from "../../issuer/index.ts";
import { type PublicationOutcome, publishOnce } from "../../publisher/index.ts";
import { withDocumentPaths } from "../../core/command-line/index.ts";
import { consentOf } from "../options/consent.ts";
import { type RouteOptions, routeOf } from "../options/route.ts";
import type { CommandContext } from "../context.ts";
import { green, type Output, red, rich, yellow } from "../../core/terminal/index.ts";
import { publicHints } from "./public-hints.ts";
import { loadS3, openTarget, s3Access } from "../options/bucket.ts";

/** What was typed. */
export interface PublishS3Options extends RouteOptions {
  readonly file: string;
  /** False with --no-verify. */
  readonly verify: boolean;
}

type IssuerCheck =
  | {
      readonly reached: true;
      readonly discoveryUrl: string;
      readonly jwksUri: string;
      /** How many. */
      readonly keys: number;
    }
  | { readonly reached: false; readonly message: string; readonly next: string };

async function publish(context: CommandContext, config: Config, s3: S3Config): Promise<PublicationOutcome> {
  const { clock, signal, env } = context;
  const { source, jwksUri, formerIssuers, cacheControl, keyRetention } = publisherOf(config);
  const cluster = await openKubernetes(source, { env, clock, consent: consentOf(context) });
  const target = openTarget(s3, context);
  try {
    return await publishOnce({
      stack: config.stack,
      names: { issuer: config.issuer, jwksUri },
      formerIssuers,
      cluster,
      target,
      cacheControl,
      keyRetention,
      clock,
      signal,
    });
  } finally {
    target.close();
  }
}

async function look(
  context: CommandContext,
  config: Config,
  options: PublishS3Options,
): Promise<IssuerCheck> {
  const route = await routeOf(context, options);
  try {
    const { discoveryUrl, jwksUri, kids } = await seeIssuer(config.issuer, route, context.signal);
    return { reached: true, discoveryUrl, jwksUri, keys: kids.length };
  } catch (error) {
    context.signal.throwIfAborted();
    const { message, next } = asPodtrustError(error);
    return { reached: false, message, next };
  }
}

function printOutcome(output: Output, s3: S3Config, outcome: PublicationOutcome): void {
  const place = `s3://${s3.bucket}`;
  for (const name of outcome.written) output.line(rich`${green("wrote")} ${place}/${s3.keys[name]}`);
  if (outcome.written.length === 0) output.line(`${place} holds both documents as they should be`);
  for (const { kid, alg } of outcome.keys) output.line(`  ${kid}  ${alg}`);
  for (const warning of outcome.warnings) output.line(rich`${yellow("warning")}: ${warning}`);
}

function printIssuer(
  output: Output,
  seen: IssuerCheck,
  access: PublicAccess | undefined,
  hints: readonly string[],
): void {
  if (seen.reached) {
    output.line(
      rich`${green("seen")} from outside: ${seen.discoveryUrl} and ${seen.jwksUri}, ${seen.keys} keys`,
    );
  } else output.line(rich`${red("not seen")} from outside: ${seen.message}`);
  if (access !== undefined) {
    const on = access.blocks === "unknown" ? "unknown" : access.blocks.join(", ") || "none";
    output.line(`  Block Public Access on the bucket: ${on}; bucket policy: ${access.policy}`);
  }
  for (const hint of hints) output.line(`  ${withDocumentPaths(hint)}`);
}

/** `podtrust publish s3`: once, then checks from outside; exit code 3 if that fails. */
export async function runPublishS3(context: CommandContext, options: PublishS3Options): Promise<void> {
  const { config, s3 } = await loadS3(context.path(options.file), context.env);
  const { output, signal } = context;
  const outcome = await publish(context, config, s3);
  printOutcome(output, s3, outcome);
  const { written, keys, conflicts, warnings } = outcome;
  const published = {
    bucket: s3.bucket,
    keys: s3.keys,
    written,
    kids: keys.map(({ kid }) => kid),
    conflicts,
    warnings,
  };
  if (!options.verify) {
    output.result(published);
    return;
  }
  const seen = await look(context, config, options);
  // The bucket's settings are read only if they can explain a failure.
  const access = seen.reached ? undefined : await readPublicAccess(s3.bucket, s3Access(s3, context), signal);
  const hints = access === undefined ? [] : publicHints(config.issuer, s3, access);
  printIssuer(output, seen, access, hints);
  output.result({ ...published, seen, ...(access === undefined ? {} : { access, hints }) });
  if (!seen.reached) context.exitCode = 3;
}
