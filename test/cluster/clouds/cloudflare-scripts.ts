import type { StandInCloudflareOptions, startStandInCloudflare } from "../../../src/sandbox/index.ts";
import { steppingClock } from "../../support/stepping-clock.ts";
import { buildPrograms } from "../build.ts";
import { type ProbeStep, runProbe } from "./probe.ts";

type StandInCloudflare = Awaited<ReturnType<typeof startStandInCloudflare>>;

/** Two pages of zones, of the Free plan but one, and one that is not in use. */
const zones: StandInCloudflareOptions["zones"] = [
  { name: "example.com" },
  { name: "pro.example", plan: "pro" },
  { name: "moved.example", status: "moved", paused: true, type: "partial" },
  ...Array.from({ length: 57 }, (_, index) => ({ name: `z${index}.example` })),
];

interface Script {
  readonly options: StandInCloudflareOptions;
  /** Given to the stand-in before it is asked. */
  readonly before?: (cloudflare: StandInCloudflare) => void;
}

/** What the Go probe can be asked to do, and the stand-in that it wants for it. */
export const cloudflareScripts = {
  records: { options: { zones } },
  forms: {
    options: { variants: { validationErrors: "chained", unknownZone: "refusal", emptyComment: "absent" } },
  },
  quotas: { options: { zones } },
  limits: { options: { requestsPerFiveMinutes: 10, clock: steppingClock() } },
  mischief: {
    options: {},
    before(cloudflare) {
      cloudflare.misbehave({ what: "rate-limit", path: "user/" });
      cloudflare.misbehave({ what: "lost-answer", method: "POST" });
      cloudflare.misbehave({ what: "reset", method: "PATCH" });
      cloudflare.misbehave({ what: "bad-gateway", method: "PATCH" });
      cloudflare.misbehave({ what: "server-error", method: "DELETE" });
    },
  },
} satisfies Readonly<Record<string, Script>>;

export type CloudflareScript = keyof typeof cloudflareScripts;

/** Starts a stand-in, asks it with cloudflare-go, and gives the steps. Mischief is off by default. */
export async function askCloudflare(
  script: CloudflareScript,
  start: typeof startStandInCloudflare,
  more: StandInCloudflareOptions = {},
): Promise<readonly ProbeStep[]> {
  const programs = await buildPrograms();
  const { options, before }: Script = cloudflareScripts[script];
  const cloudflare = await start({ mischief: "off", ...options, ...more });
  before?.(cloudflare);
  try {
    const env = {
      CLOUDFLARE_BASE_URL: cloudflare.url,
      CLOUDFLARE_API_TOKEN: cloudflare.tokens.edit,
      CLOUDFLARE_READ_TOKEN: cloudflare.tokens.read,
    };
    return await runProbe(programs["cloudflare-go"], env, [script]);
  } finally {
    await cloudflare.close();
  }
}
