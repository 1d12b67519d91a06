import type { HetznerApi } from "./client.ts";
import type { AnswerFields } from "./fields.ts";

/** What one thing costs a month, as Hetzner gives it: decimal texts, in its currency. */
export interface MonthlyPrice {
  readonly what: string;
  readonly currency: string;
  readonly gross: string;
  readonly net: string;
}

export interface Priced {
  readonly type: string;
  readonly location: string;
  readonly ipv4: boolean;
}

function priceAt(
  entry: AnswerFields | undefined,
  location: string,
): { net: string; gross: string } | undefined {
  const prices = entry?.list("prices").find((one) => one.text("location") === location);
  const monthly = prices?.fields("price_monthly");
  return monthly === undefined ? undefined : { net: monthly.text("net"), gross: monthly.text("gross") };
}

/**
 * What a machine costs a month when it is bought today (GET /pricing): an IPv4 address costs extra, and a server that
 * stands keeps the price that it was bought for. None where Hetzner has no price for the server: a sum without it would
 * mislead.
 */
export async function monthlyPrices(
  api: HetznerApi,
  { type, location, ipv4 }: Priced,
  signal: AbortSignal,
): Promise<readonly MonthlyPrice[]> {
  const pricing = (await api.get("pricing", "reading prices", signal)).fields("pricing");
  const currency = pricing.text("currency");
  const server = priceAt(
    pricing.list("server_types").find((one) => one.text("name") === type),
    location,
  );
  const address = priceAt(
    pricing.list("primary_ips").find((one) => one.text("type") === "ipv4"),
    location,
  );
  if (server === undefined) return [];
  return [
    { what: `server ${type} in ${location}`, currency, ...server },
    ...(address === undefined || !ipv4 ? [] : [{ what: "IPv4 address", currency, ...address }]),
  ];
}
