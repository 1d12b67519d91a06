import { isIP } from "node:net";
import { defined, mapped } from "../../core/base/index.ts";
import type {
  CaaFacts,
  ChallengeFacts,
  NameAnswer,
  NameFacts,
  NearFacts,
  RememberedFacts,
  NameServerAnswer,
  ZoneFacts,
} from "../facts.ts";
import type { BundleValue } from "./schema.ts";

/** An IP address; throws `bundle-invalid`, as all of these do. */
export const addressOf = (part: BundleValue): string => part.textThat((text) => isIP(text) !== 0, "address");

/** No resolver remembers anything longer. */
const maxSeconds = 604_800;

const hostOf = (part: BundleValue): string => part.text(300);
const codeOf = (part: BundleValue): string => part.text(64);

function answerOf(part: BundleValue): NameAnswer {
  const addresses = part.optional("addresses");
  if (addresses === undefined) return { error: codeOf(part.member("error")) };
  return { addresses: addresses.list().map(addressOf) };
}

export function nameOf(part: BundleValue): NameFacts {
  const own = part.optional("own");
  return {
    host: hostOf(part.member("host")),
    answers: part.member("answers").list().map(answerOf),
    ...defined({
      instead: part.optional("instead")?.text(),
      own: own === undefined ? undefined : answerOf(own),
    }),
  };
}

export function caaOf(part: BundleValue): CaaFacts {
  const error = part.optional("error");
  return {
    name: hostOf(part.member("name")),
    records: part
      .member("records")
      .list()
      .map((one) => ({
        critical: one.member("critical").boolean(),
        tag: one.member("tag").text(),
        value: one.member("value").text(),
      })),
    ...defined({ error: mapped(error, codeOf) }),
  };
}

function serverOf(part: BundleValue): NameServerAnswer {
  return { server: hostOf(part.member("server")), answer: answerOf(part.member("answer")) };
}

function rememberedOf(part: BundleValue | undefined): RememberedFacts | undefined {
  if (part === undefined) return undefined;
  const addresses = part.member("addresses").list().map(addressOf);
  return { addresses, seconds: part.member("seconds").number(maxSeconds) };
}

export function zoneOf(part: BundleValue | undefined): ZoneFacts | undefined {
  if (part === undefined) return undefined;
  return {
    zone: hostOf(part.member("zone")),
    servers: part.member("servers").list().map(serverOf),
    ...defined({
      remembered: rememberedOf(part.optional("remembered")),
      missingSeconds: part.optional("missingSeconds")?.number(maxSeconds),
    }),
  };
}

export function nearOf(part: BundleValue): NearFacts {
  const document = part.member("document").textThat((text) => /^(?:discovery|jwks)$/u.test(text), "document");
  return { document: document === "jwks" ? "jwks" : "discovery", url: part.member("url").text() };
}

export function challengeOf(part: BundleValue | undefined): ChallengeFacts | undefined {
  if (part === undefined) return undefined;
  const url = part.member("url").text();
  const error = part.optional("error");
  if (error !== undefined) return { url, error: codeOf(error) };
  const location = part.optional("location");
  return {
    url,
    status: part.member("status").number(999),
    html: part.member("html").boolean(),
    ...defined({ location: location?.text() }),
  };
}
