#!/usr/bin/env node
import { main } from "./launch/main.ts";

process.exitCode = await main({ argv: process.argv.slice(2), env: process.env, cli: import.meta.url });
