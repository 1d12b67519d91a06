export {
  type Attribute,
  attributes,
  type Block,
  HclExpression,
  identifier,
  identifiers,
  JsonText,
  type Value,
} from "./syntax.ts";
export { hclText } from "./write.ts";
