export {
  type Attribute,
  attributes,
  type Block,
  HclExpression,
  identifier,
  identifiers,
  JsonText,
  type HclValue,
} from "./syntax.ts";
export { hclText } from "./write.ts";
