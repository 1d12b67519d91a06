import { lookup } from "node:dns";
import type { LookupFunction } from "node:net";

/** Whether a connection may go to an address on a port. */
export type MayConnect = (address: string, port: number) => boolean;

/** The code of an error by which an address is kept from being connected to. */
export const withheldCode = "EWITHHELD";

const withheld = (addresses: readonly string[]): Error =>
  Object.assign(new Error(addresses.join(", ")), { code: withheldCode });

/**
 * A look-up that gives only addresses that may be connected to. Node connects to what it gives: a name that leads elsewhere
 * when it is asked a second time gains nothing, since there is no second time.
 */
export function judgedLookup(port: number, may: MayConnect): LookupFunction {
  return (host, options, done) => {
    lookup(host, { ...options, all: true }, (error, found) => {
      const [first, ...others] = error === null ? found.filter(({ address }) => may(address, port)) : [];
      if (first === undefined) done(error ?? withheld(found.map(({ address }) => address)), []);
      else if (options.all === true) done(null, [first, ...others]);
      else done(null, first.address, first.family);
    });
  };
}
