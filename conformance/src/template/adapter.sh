#!/bin/sh
# The conformance adapter of {{NAME}}: a template. It says what the implementation is, and stops; write it anew in the language of the
# implementation. conformance/README.md tells what each request means, conformance/protocol.schema.json what each reply looks like.
while IFS= read -r request; do
  id=$(printf '%s\n' "$request" | sed -n 's/^{"id":\([0-9]*\).*/\1/p')
  case "$request" in
    *'"op":"hello"'*)
      printf '{"id":%s,"hello":{"protocol":1,"implementation":"{{NAME}}","version":"0.0.0","runtime":"sh","platform":"desktop","payload_types":["text","dictionary","jsontable","image","audio","video","binary"],"transports":["direct"],"capabilities":[]}}\n' "$id"
      ;;
    *'"op":"stop"'*)
      printf '{"id":%s,"stopped":true}\n' "$id"
      exit 0
      ;;
    *)
      echo "not built yet: $request" >&2
      exit 1
      ;;
  esac
done
