import { defined, PodtrustError } from "../../core/base/index.ts";
import { type Config, type ListenSpec, listenText, publisherOf } from "../../config/index.ts";
import type { ListenAddress, PublisherListen } from "../contract.ts";
import type { ActivatedSockets } from "../systemd/activation.ts";

function socketsNamed(name: string, sockets: ActivatedSockets): readonly ListenAddress[] {
  const found = sockets.get(name);
  if (found !== undefined) return found.map((fd) => ({ fd }));
  const known = [...sockets.keys()].join(", ");
  throw new PodtrustError("publisher-listen", `no socket of the name ${name} was passed (LISTEN_FDNAMES)`, {
    next: known === "" ? "Start the unit by its .socket unit, or name an address." : `Passed: ${known}.`,
  });
}

/** Addresses of all configs, each once. */
function addressesOf(wanted: readonly ListenSpec[], sockets: ActivatedSockets): readonly ListenAddress[] {
  const each = new Map(wanted.map((address) => [listenText(address), address]));
  return [...each.values()].flatMap((address) =>
    "systemd" in address ? socketsNamed(address.systemd, sockets) : [address],
  );
}

/** Where one process listens for all these configs. Throws `publisher-listen` for a socket that was not passed. */
export function listenOf(configs: readonly Config[], sockets: ActivatedSockets): PublisherListen {
  const publishers = configs.map((config) => publisherOf(config));
  const of = (part: "https" | "http"): readonly ListenSpec[] =>
    publishers.flatMap(({ serve }) => ("https" in serve ? serve[part] : []));
  const plain = publishers.flatMap(({ serve }) => (serve.kind === "insecure-plain-http" ? serve.listen : []));
  // One listener shows all issuers: the first one configured.
  const admin = publishers.map((publisher) => publisher.admin).find((address) => address !== false);
  const probes = publishers.map((publisher) => publisher.probes).find((address) => address !== undefined);
  const [probed] = probes === undefined ? [] : addressesOf([probes], sockets);
  return {
    https: addressesOf(of("https"), sockets),
    http: addressesOf(of("http"), sockets),
    insecurePlainHttpBehindProxy: addressesOf(plain, sockets),
    admin: admin === undefined ? false : (addressesOf([admin], sockets)[0] ?? false),
    ...defined({ probes: probed }),
  };
}
