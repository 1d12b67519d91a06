export {
  type CloudTable,
  type StandInClouds,
  type StandInCloudsOptions,
  startStandInClouds,
} from "./clouds.ts";
export { cloudVariants } from "./variants.ts";
