"""Task type word-count: how often each word occurs in a text. A command executor in Python, standard library only.

The work order comes on standard input, the result goes to standard output, progress to standard error.
"""

import collections
import json
import re
import sys


def main() -> None:
    order = json.load(sys.stdin)
    text = order["input"]["text"]
    most = int(order["input"].get("most", 10))
    if "feedback" in order:
        print(f"heeding: {order['feedback']}", file=sys.stderr)
    words = re.findall(r"[^\W\d_]+", text.lower())
    print(f"::progress 0.5 {len(words)} words", file=sys.stderr, flush=True)
    counted = collections.Counter(words)
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))[:most]
    json.dump({"words": len(words), "ranked": ranked}, sys.stdout, ensure_ascii=False)


if __name__ == "__main__":
    main()
