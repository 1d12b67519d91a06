interface Caution {
  readonly met: (host: string) => boolean;
  readonly sentence: (host: string) => string;
}

const cautions: readonly Caution[] = [
  {
    met: (host) => host !== host.toLowerCase(),
    sentence: (host) =>
      `The host ${host} has upper-case letters: IAM keeps them, so iss and provider must have exactly the same ones. Lower case is safer.`,
  },
  {
    met: (host) => /^[\d.]+$/u.test(host),
    sentence: (host) => `The host ${host} is an address: AWS documents domain names only.`,
  },
  {
    // RFC 6761 and RFC 6762's names, and the names used inside a cluster.
    met: (host) => !host.includes(".") || /\.(?:svc|local|localhost|internal|test|invalid)$/iu.test(host),
    sentence: (host) => `The host ${host} is no name of the public DNS: AWS itself cannot fetch from it.`,
  },
];

/** Sentences about a host that is legal but often a mistake; empty when there is nothing to say. */
export function issuerWarnings(host: string): readonly string[] {
  return cautions.filter((caution) => caution.met(host)).map((caution) => caution.sentence(host));
}
