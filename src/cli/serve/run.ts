import {
  asPodtrustError,
  defined,
  errorText,
  type Logger,
  mapped,
  PodtrustError,
} from "../../core/base/index.ts";
import type { BackupTarget } from "../../backup/index.ts";
import type { BackupBucket, Config, S3Config } from "../../config/index.ts";
import type { DocumentTarget } from "../../publisher/index.ts";
import {
  activatedSockets,
  servePublisher,
  type ServiceManager,
  serviceManager,
  type Serving,
} from "../../publisher/configs/index.ts";
import type { CommandContext } from "../context.ts";
import { giveBackMemory } from "../../core/listener/index.ts";
import { configOf } from "../options/config.ts";
import { untilEnded } from "../../core/terminal/index.ts";
import { consentOf } from "../options/consent.ts";
import { Backups } from "./backups.ts";
import { type OpenTxt, openTxtWithoutSdk } from "./txt-records.ts";

/** What was typed. */
export interface ServeCommandOptions {
  readonly file?: readonly string[];
  readonly insecureRunAsRoot?: boolean;
  readonly acceptKeys?: boolean;
}

/** The clouds that a publisher uses. */
export interface Outside {
  /** Opens the bucket that a config publishes in. */
  readonly openTarget: (s3: S3Config) => Promise<DocumentTarget>;
  /** Opens the zone in which a name is proved by dns-01. */
  readonly openTxtRecords: OpenTxt;
  /** Opens a bucket that backups of an issuer are put into. */
  readonly openBackups: (bucket: BackupBucket, issuer: string) => Promise<BackupTarget>;
}

function refuseRoot({ uid }: CommandContext, options: ServeCommandOptions): void {
  if (options.insecureRunAsRoot === true || uid !== 0) return;
  throw new PodtrustError("publisher-as-root", "podtrust serve does not run as root");
}

function refuseBucket({ bucket }: { readonly bucket: string }): Promise<never> {
  throw new PodtrustError("usage", `s3://${bucket}: this program writes into no bucket`, {
    next: "Do that with podtrust serve, installed from npm.",
  });
}

function refuseBackups({ bucket }: BackupBucket): Promise<never> {
  throw new PodtrustError("usage", `s3://${bucket}: this program finds no credentials by itself`, {
    next: "Name a file with an access key in publisher.backup.s3.credentialsFile, or use podtrust serve, installed from npm.",
  });
}

/** The publisher's own program has no SDK of AWS in it. */
const alone: Outside = {
  openTarget: refuseBucket,
  openTxtRecords: openTxtWithoutSdk,
  openBackups: refuseBackups,
};

async function loadAll(context: CommandContext, options: ServeCommandOptions): Promise<readonly Config[]> {
  const files = options.file ?? ["podtrust.yaml"];
  return Promise.all(files.map((file) => configOf(context, file)));
}

const addressText = ({ address, port }: { address: string; port: number }): string =>
  address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;

function logStart(logger: Logger, serving: Serving): void {
  const { https, http, plain, admin } = serving.publisher.addresses;
  const elsewhere = serving.publisher.status().issuers.flatMap(({ publication }) => publication?.place ?? []);
  logger.info("the publisher listens", {
    https: https.map(addressText),
    http: http.map(addressText),
    ...(plain.length === 0 ? {} : { insecurePlainHttp: plain.map(addressText) }),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
    ...defined({ admin: mapped(admin, addressText) }),
  });
}

const allPublished = "every stack is published";

function logReady(logger: Logger, manager: ServiceManager, serving: Serving, signal: AbortSignal): void {
  serving.publisher.ready(signal).then(
    () => {
      logger.info(allPublished);
      manager.status(allPublished);
      // Half of what a start takes is needed no more, and the publisher mostly waits from now on.
      giveBackMemory();
    },
    // It ended before.
    () => {},
  );
}

/** Reads the config again. */
function reloading(
  serving: Serving,
  backups: Backups,
  load: () => Promise<readonly Config[]>,
  logger: Logger,
): () => void {
  return () => {
    load()
      .then(async (configs) => {
        await serving.reload(configs);
        await backups.use(configs);
      })
      .then(() => logger.info("the config was read again and holds from now on"))
      .catch((thrown: unknown) => {
        const { message, next, code } = asPodtrustError(thrown);
        logger.error(`the new config is refused and the old one stays in use: ${message}`, { code, next });
      });
  };
}

/** Serves until the command is stopped. */
export async function runServe(
  context: CommandContext,
  options: ServeCommandOptions,
  { openTarget, openTxtRecords, openBackups }: Outside = alone,
): Promise<void> {
  refuseRoot(context, options);
  const configs = await loadAll(context, options);
  const logger = context.logger("info");
  for (const warning of configs.flatMap((config) => config.warnings)) logger.warn(warning);
  const { env, pid, clock } = context;
  const manager = serviceManager({ env, pid, clock, logger });
  const consent = consentOf(context);
  const backups = new Backups({ clock, logger, env, consent }, openBackups);
  const serving = await servePublisher({
    configs,
    clock,
    logger,
    sockets: activatedSockets(env, pid),
    acceptKeys: options.acceptKeys ?? false,
    env,
    backups: () => backups.status,
    consent,
    openTarget,
    openTxtRecords: (zone, waiting) => openTxtRecords(context, zone, waiting),
  });
  const unhook = context.onHangup(reloading(serving, backups, () => loadAll(context, options), logger));
  logStart(logger, serving);
  await backups.use(configs);
  // The start is over once it listens: a certificate may take as long as its CA does.
  manager.ready("it listens; not every stack is published yet");
  logReady(logger, manager, serving, context.signal);
  await untilEnded(context.signal);
  unhook();
  logger.info("the publisher is ending", { reason: errorText(context.signal.reason) });
  const ending = manager.ending();
  await backups.close();
  await serving.close();
  await ending;
  logger.info("the publisher has ended");
}
