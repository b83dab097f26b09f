import { describe, expect, test } from "vitest";
import { readConfigLine, splitArguments, splitCriteria } from "../../../src/config/config-line.ts";

test.each([
  ["Port 22", { keyword: "Port", rest: "22" }],
  ["  \tPort\t 22 \r", { keyword: "Port", rest: "22" }],
  ["Port=22", { keyword: "Port", rest: "22" }],
  ["Port = 22", { keyword: "Port", rest: "22" }],
  ['"Port" 22', { keyword: "Port", rest: "22" }],
  ['User="a b" # c', { keyword: "User", rest: '"a b" # c' }],
  ["ProxyCommand nc -x a=b %h", { keyword: "ProxyCommand", rest: "nc -x a=b %h" }],
  ["Port", { keyword: "Port", rest: "" }],
  ["", undefined],
  ["  \r", undefined],
  ["  # Port 22", undefined],
  ["#Port 22", undefined],
])("the line %j is read as ssh does", (line, expected) => {
  expect(readConfigLine(line)).toEqual(expected);
});

describe("arguments", () => {
  test.each([
    ["a  b\tc", ["a", "b", "c"]],
    ['"a b" c', ["a b", "c"]],
    [`'a "b"' "c 'd'"`, ['a "b"', "c 'd'"]],
    ["a\\ b c\\\\d \\'e", ["a b", "c\\d", "'e"]],
    ['"a\\"b" "c\\ d"', ['a"b', "c\\ d"]],
    ["C:\\Users\\me", ["C:\\Users\\me"]],
    ['a"b c"d', ["ab cd"]],
    ["a # b", ["a"]],
    ["a#b '#c'", ["a#b", "#c"]],
    ['"" a', ["", "a"]],
    ["a\\", ["a\\"]],
  ])("%j", (text, words) => {
    expect(splitArguments(text)).toEqual(words);
  });

  test.each(['"a', "'a", 'a "b\\"'])("%j has an open quote", (text) => {
    expect(splitArguments(text)).toBeUndefined();
  });
});

test.each([
  ["host a user b", ["host", "a", "user", "b"]],
  ["host=a user = b", ["host", "a", "user", "b"]],
  ['host "a,b" !exec "test -f x=y"', ["host", "a,b", "!exec", "test -f x=y"]],
  ["all # really", ["all"]],
  ['exec "open', undefined],
])("the criteria %j are split as ssh does", (text, words) => {
  expect(splitCriteria(text)).toEqual(words);
});
