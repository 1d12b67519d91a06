/**
 * The products: a few locations, types, images and prices, enough to choose from. Names and shapes are the API's;
 * amounts are invented and unrelated to Hetzner's prices.
 */
import type { Architecture, Image, Location, Price, ServerType, TypePrice } from "./types.ts";

export const locations: readonly Location[] = [
  { id: 1, name: "fsn1", city: "Falkenstein", country: "DE", latitude: 50.47612, longitude: 12.370071 },
  { id: 2, name: "nbg1", city: "Nuremberg", country: "DE", latitude: 49.452102, longitude: 11.076665 },
  { id: 3, name: "hel1", city: "Helsinki", country: "FI", latitude: 60.169855, longitude: 24.938379 },
  { id: 4, name: "ash", city: "Ashburn, VA", country: "US", latitude: 39.045821, longitude: -77.487073 },
].map((location) => ({
  ...location,
  description: `${location.city} DC Park 1`,
  network_zone: location.country === "US" ? "us-east" : "eu-central",
}));

/** Net and gross at the VAT of the project, in the API's form. */
function price(net: number): Price {
  return { net: net.toFixed(10), gross: (net * 1.19).toFixed(16) };
}

function typePrices(monthly: number): readonly TypePrice[] {
  return locations.map(({ name, country }) => ({
    location: name,
    price_hourly: price(monthly / 624),
    price_monthly: price(country === "US" ? monthly * 1.2 : monthly),
    included_traffic: country === "US" ? 1_099_511_627_776 : 21_990_232_555_520,
    price_per_tb_traffic: price(1),
  }));
}

interface Offer {
  readonly id: number;
  readonly name: string;
  readonly architecture: Architecture;
  readonly cores: number;
  readonly memory: number;
  readonly disk: number;
  readonly monthly: number;
  /** Where it is offered at all. */
  readonly at: readonly string[];
  /** No longer sold anywhere, but still readable. */
  readonly retired?: true;
}

const offers: readonly Offer[] = [
  {
    id: 1,
    name: "cx11",
    architecture: "x86",
    cores: 1,
    memory: 2,
    disk: 20,
    monthly: 3,
    at: [],
    retired: true,
  },
  {
    id: 22,
    name: "cpx11",
    architecture: "x86",
    cores: 2,
    memory: 2,
    disk: 40,
    monthly: 4.35,
    at: ["fsn1", "nbg1", "hel1", "ash"],
  },
  {
    id: 108,
    name: "cpx12",
    architecture: "x86",
    cores: 1,
    memory: 2,
    disk: 40,
    monthly: 6.49,
    at: ["fsn1", "nbg1", "hel1"],
  },
  {
    id: 109,
    name: "cpx22",
    architecture: "x86",
    cores: 2,
    memory: 4,
    disk: 80,
    monthly: 7.99,
    at: ["fsn1", "nbg1", "hel1"],
  },
  {
    id: 45,
    name: "cax11",
    architecture: "arm",
    cores: 2,
    memory: 4,
    disk: 40,
    monthly: 3.29,
    at: ["fsn1", "nbg1", "hel1"],
  },
  {
    id: 93,
    name: "cax21",
    architecture: "arm",
    cores: 4,
    memory: 8,
    disk: 80,
    monthly: 5.99,
    at: ["fsn1", "nbg1", "hel1"],
  },
  {
    id: 114,
    name: "cx23",
    architecture: "x86",
    cores: 2,
    memory: 4,
    disk: 40,
    monthly: 2.99,
    at: ["fsn1", "nbg1", "hel1"],
  },
];

const retirement = { announced: "2021-09-10T00:00:00+00:00", unavailable_after: "2021-12-10T00:00:00+00:00" };

function serverType({
  id,
  name,
  architecture,
  cores,
  memory,
  disk,
  monthly,
  at,
  retired,
}: Offer): ServerType {
  const deprecation = retired === true ? retirement : null;
  const where = retired === true ? locations.slice(0, 3) : locations.filter((one) => at.includes(one.name));
  return {
    id,
    name,
    description: name.toUpperCase(),
    category: "cost_optimized",
    cores,
    memory,
    disk,
    storage_type: "local",
    cpu_type: "shared",
    architecture,
    prices: typePrices(monthly).filter(({ location }) => where.some((one) => one.name === location)),
    deprecated: retired === true,
    deprecation,
    locations: where.map((one) => ({
      id: one.id,
      name: one.name,
      available: retired !== true,
      recommended: one.name !== "nbg1",
      deprecation,
    })),
  };
}

export const serverTypes: readonly ServerType[] = offers.map(serverType);

function image(
  id: number,
  name: string,
  architecture: Architecture,
  deprecated: string | null = null,
): Image {
  const [flavor = "", version = ""] = name.split("-");
  return {
    id,
    type: "system",
    status: "available",
    name,
    description: `${flavor.charAt(0).toUpperCase()}${flavor.slice(1)} ${version}`,
    image_size: null,
    disk_size: 5,
    created: "2024-04-25T13:26:27+00:00",
    created_from: null,
    bound_to: null,
    os_flavor: flavor,
    os_version: version,
    architecture,
    rapid_deploy: true,
    protection: { delete: false },
    deprecated,
    deprecation:
      deprecated === null ? null : { announced: deprecated, unavailable_after: "2027-01-01T00:00:00+00:00" },
    deleted: null,
    labels: {},
  };
}

/** One name is one image per architecture. */
export const images: readonly Image[] = [
  image(161_547_269, "ubuntu-24.04", "x86"),
  image(161_547_270, "ubuntu-24.04", "arm"),
  image(310_557_660, "debian-13", "x86"),
  image(310_557_661, "debian-13", "arm"),
  image(67_794_396, "ubuntu-22.04", "x86", "2026-09-01T00:00:00+00:00"),
  image(103_908_070, "ubuntu-22.04", "arm", "2026-09-01T00:00:00+00:00"),
];

const addressPrices = { ipv4: 0.5, ipv6: 0 } as const;

/** The answer of GET /pricing: a server's own price is not all, since its IPv4 address costs as well. */
export const pricing = {
  currency: "EUR",
  vat_rate: "19.000000",
  image: { price_per_gb_month: price(0.0119) },
  floating_ip: { price_monthly: price(3) },
  // Both families, as there are of primary IPs: hcloud-go 2.52 sizes the one list by the other.
  floating_ips: ["ipv4", "ipv6"].map((type) => ({
    type,
    prices: locations.map(({ name }) => ({ location: name, price_monthly: price(3) })),
  })),
  traffic: { price_per_tb: price(0) },
  server_backup: { percentage: "20.0000000000" },
  load_balancer_types: [],
  volume: { price_per_gb_month: price(0.044) },
  primary_ips: Object.entries(addressPrices).map(([type, monthly]) => ({
    type,
    prices: locations.map(({ name }) => ({
      location: name,
      price_hourly: price(monthly / 624),
      price_monthly: price(monthly),
    })),
  })),
  server_types: serverTypes.map(({ id, name, prices }) => ({ id, name, prices })),
};
