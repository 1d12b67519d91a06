import { z } from "zod";
import { defined } from "../../core/base/index.ts";
import { milliseconds } from "../forms/accepted.ts";
import { duration, file, httpsUrl, list, section, text } from "../forms/leaf.ts";
import type { PathResolver } from "../paths.ts";
import { bucketFields } from "./bucket.ts";

/** A bucket that backups are put into, and never read from. */
export interface BackupBucket {
  readonly bucket: string;
  readonly region: string;
  /** Before the name of each object; ends with a slash, or is empty. */
  readonly prefix: string;
  /** The account that the bucket must belong to. */
  readonly account?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  /** A file with the access key, in place of the environment's credentials. */
  readonly credentialsFile?: string;
}

/** How the publisher backs itself up. */
export interface BackupConfig {
  /** Who may open backups: X25519 recipients of the age format. */
  readonly recipients: readonly string[];
  /** Milliseconds between two backups of what did not change. */
  readonly every: number;
  readonly place:
    | {
        readonly folder: string;
        /** How many stay. */
        readonly keep: number;
        /** It must exist, on another file system than the publisher's state. */
        readonly otherFileSystem: boolean;
      }
    | { readonly s3: BackupBucket };
}

interface BucketInput {
  bucket: string;
  region: string;
  prefix?: string | undefined;
  account?: string | undefined;
  profile?: string | undefined;
  endpoint?: string | undefined;
  credentialsFile?: string | undefined;
}

export interface BackupInput {
  recipients: string[];
  every?: string | undefined;
  folder?: string | undefined;
  keep?: number | undefined;
  otherFileSystem?: boolean | undefined;
  s3?: BucketInput | undefined;
}

const minute = 60_000;
const day = 24 * 60 * minute;
const standardKeep = 30;
const keepAccepted = "a whole number from 1 to 10000";

const recipient = text(
  {
    what: "A recipient.",
    accepted: "a recipient of the age format, age1 and 58 more letters and digits",
    example: "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p",
  },
  /^age1[02-9ac-hj-np-z]{58}$/u,
);

const fields = bucketFields({ bucket: "example-backups", profile: "backup" });

/** Automatic backups by the publisher. */
export const backup: z.ZodType<BackupInput> = section(
  "Backups that podtrust serve writes by itself, encrypted: at the start, when a key or an account has changed, and once in a while.",
  {
    recipients: list(
      {
        what: "Who can open them. The identity belongs on no machine of the publisher's: podtrust backup keygen.",
        accepted: "a list of recipients of the age format, age1…",
        example: ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"],
      },
      recipient,
      { min: 1, max: 20 },
    ),
    every: duration(
      { what: "How often one is written where nothing has changed.", standard: "24h", example: "24h" },
      minute,
      30 * day,
    ).optional(),
    folder: file(
      "A folder for them: another disk, or one that is copied elsewhere.",
      "/var/backups/podtrust",
    ).optional(),
    keep: z
      .int({ error: keepAccepted })
      .min(1, { error: keepAccepted })
      .max(10_000, { error: keepAccepted })
      .meta({
        description: `How many of a stack's stay in the folder. Accepted: ${keepAccepted}. Default: ${standardKeep}.`,
        examples: [standardKeep],
      })
      .optional(),
    otherFileSystem: z
      .boolean({ error: "true or false" })
      .meta({
        description:
          "The folder must be there already, on another file system than stateDir. Where its disk or share is not mounted, nothing is written. Always so on a machine that podtrust sets up. Accepted: true or false. Default: false.",
        examples: [true],
      })
      .optional(),
    s3: section(
      "In place of folder: a bucket other than the published one, with versions kept. The credentials need s3:PutObject on it alone, and may not come from a token of this issuer.",
      {
        bucket: fields.bucket,
        region: fields.region,
        prefix: text(
          {
            what: "What the objects' names begin with.",
            accepted: "path parts that each end with a slash, such as podtrust/",
            standard: "none",
            example: "podtrust/",
          },
          /^(?:[\w-][\w.-]{0,127}\/){0,8}$/u,
        ).optional(),
        account: fields.account.optional(),
        profile: fields.profile.optional(),
        credentialsFile: file(
          "In place of profile: a file with the access key of an IAM user who may put objects there and nothing else. It has the form of AWS's credentials file, with one profile. A machine that podtrust sets up needs it.",
          "backup-credentials",
        ).optional(),
        endpoint: httpsUrl({
          what: "Another service that speaks S3, in place of AWS's own.",
          accepted: "an https URL",
          standard: "AWS's endpoint of the region",
          example: "https://s3.example.com",
        }).optional(),
      },
    ).optional(),
  },
);

function resolvePlace(input: BackupInput, place: PathResolver): BackupConfig["place"] {
  const { folder = "", keep = standardKeep, otherFileSystem = false, s3 } = input;
  if (s3 === undefined) return { folder: place(folder), keep, otherFileSystem };
  const { bucket, region, prefix = "", account, profile, endpoint } = s3;
  const credentialsFile = s3.credentialsFile === undefined ? undefined : place(s3.credentialsFile);
  return { s3: { bucket, region, prefix, ...defined({ account, profile, endpoint, credentialsFile }) } };
}

/** The section with defaults. */
export function resolveBackup(input: BackupInput, place: PathResolver): BackupConfig {
  const { recipients, every } = input;
  return { recipients, every: milliseconds(every ?? "24h"), place: resolvePlace(input, place) };
}
