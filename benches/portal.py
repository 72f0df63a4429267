#!/usr/bin/env python3
"""Writes a portal file with generated articles: benches/portal.py 100000 > /tmp/portal.ndjson

One site, 160 categories on three levels, 50 sources, 20 topics. An article has a Chinese body of about 1,200
characters with a heading and links, one source, one contributor, two keywords; every third has a topic, every tenth a
related article. The same number gives the same file.
"""

import datetime
import json
import random
import sys

ZONE = datetime.timezone(datetime.timedelta(hours=8))
HAN = "".join(map(chr, range(0x4E00, 0x4E00 + 3000)))


def line(**record):
    print(json.dumps(record, ensure_ascii=False))


def text(length):
    return "".join(random.choices(HAN, k=length))


def paragraph(number):
    link = f'<a href="https://example.org/{number}">{text(6)}</a>'
    return f"<p>{text(120)},{link}。{text(100)}</p>"


def main():
    count = int(sys.argv[1])
    random.seed(1)
    line(type="portal", version=1)
    line(type="site", slug="gen", name="生成", default_locale="zh-Hans", utc_offset="+08:00")
    for i in range(50):
        line(type="source", slug=f"s{i}", name=f"来源{i}")
    categories = []
    for i in range(10):
        categories.append(f"c{i}")
        for j in range(5):
            categories += [f"c{i}/d{j}", f"c{i}/d{j}/e0", f"c{i}/d{j}/e1"]
    for path in categories:
        line(type="category", site="gen", path=path, name=path)
    for i in range(20):
        line(type="topic", site="gen", key=f"t{i}", title=f"专题{i}")
    paragraphs = [paragraph(i) for i in range(400)]
    for i in range(count):
        published = datetime.datetime.fromtimestamp(1_500_000_000 + random.randrange(250_000_000), ZONE)
        line(
            type="article",
            site="gen",
            key=f"k{i}",
            category=random.choice(categories),
            locale="zh-Hans",
            title=text(random.randrange(8, 30)),
            summary=text(60),
            body_html=f"<h2>{text(8)}</h2>" + "".join(random.choices(paragraphs, k=5)),
            published_at=published.isoformat(),
            published_precision="second",
            status="published",
            sources=[f"s{random.randrange(50)}"],
            topics=[f"t{random.randrange(20)}"] if i % 3 == 0 else [],
            keywords=[text(2), text(3)],
            contributors=[{"role": "author", "kind": "person", "name": text(3)}],
            related=[f"k{j}"] if i % 10 == 0 and (j := random.randrange(count)) != i else [],
            views=random.randrange(1000),
        )


if __name__ == "__main__":
    main()
