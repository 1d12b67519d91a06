export { type HostLayout, hostLayout, unitNames } from "./layout.ts";
export { publisherUnits, type UnitsWish } from "./units.ts";
