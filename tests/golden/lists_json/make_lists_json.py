"""Lists as other programs write them, and what Python reads in them. Python 3.11, numpy 2; PYTHONHASHSEED=0; files:
arrays/*.json: the same objects in each layout that json.dumps has; arrays/objects.jsonl: one a line; labels.tsv: pairs of labels.
"""
import json
import os
import random

here = os.path.dirname(os.path.abspath(__file__))
random.seed(19)


def arrays():
    pieces = ['[', ']', '{', '}', ',', ':', '"', '\\', '\n', '\t', ' ', 'é', '\u00a0', '\u2028', '🎵', 'dog', '/', "'"]

    def value(depth):
        kind = random.randrange(7 if depth < 4 else 4)
        if kind == 0: return ''.join(random.choice(pieces) for _ in range(random.randrange(12)))
        if kind == 1: return random.choice([0, -1, 10**12, 0.25, -1e-3])
        if kind == 2: return random.choice([True, False, None])
        if kind == 3: return ''
        if kind < 6: return [value(depth + 1) for _ in range(random.randrange(4))]
        return {value(9) if isinstance(k, str) else str(k): value(depth + 1) for k in
                [random.choice(pieces) * random.randrange(1, 3) for _ in range(random.randrange(4))]}

    rows = []
    for i in range(40):
        row = {'path': f'{i}.wav', 'label': random.choice(['a', 'b']), 'x': value(0), 'y': value(0)}
        rows.append(dict(random.sample(sorted(row.items()), len(row))))
    folder = os.path.join(here, 'arrays')
    os.makedirs(folder, exist_ok=True)
    layouts = {
        'line': json.dumps(rows),
        'utf8': json.dumps(rows, ensure_ascii=False, separators=(',', ':')),
        'pretty': json.dumps(rows, indent=2, ensure_ascii=False),
        'tabs': json.dumps(rows, indent='\t'),
        'column0': json.dumps(rows, indent=0),
        'objects': '\n'.join(json.dumps(row, indent=4) for row in rows),
        'member': json.dumps({'info': {'n': len(rows)}, 'data': rows, 'end': [1, 2]}, indent=1),
    }
    for name, text in layouts.items():
        with open(os.path.join(folder, name + '.json'), 'w', encoding='utf-8') as file: file.write(text)
    with open(os.path.join(folder, 'objects.jsonl'), 'w', encoding='utf-8') as file:
        for row in rows: file.write(json.dumps(row, separators=(',', ':')) + '\n')


arrays()


def labels():
    """labels.tsv: two labels as JSON, and whether Python finds that they are one but for Unicode
    form, case, spaces and characters without width, or are one number."""
    import unicodedata
    words = ['Zéro', 'Größe', 'Ünü', 'Straße', 'STRASSE', 'naïve café', 'Åse', 'Ångström', 'ΣΊΣΥΦΟΣ', 'σίσυφος',
             'Привет', 'привет', 'が', 'ハンド', '각', 'ไทย', 'dog', 'cat', 'dog bark', 'ﬁre', 'fire', '１', 'A\u030a\u0327']
    numbers = ['1', '1.0', '01', '1.', '1e0', '+1', '-1', '10', '1e1', '0', '-0', '0.0', '0x1', 'inf', 'nan', '1.5', '1,5',
               '.5', '0.5', '123456789012345678', '123456789012345679', '1 0', '1e', 'e1']
    odd = ['\u00a0', '\u200b', '\u2009', '  ', '\u3000', '\ufeff']

    def key(label):
        label = unicodedata.normalize('NFC', unicodedata.normalize('NFD', label).casefold())
        label = ' '.join(''.join(c for c in label if c not in '\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff').split())
        if label and set(label) <= set('0123456789+-.eE') and sum(c.isdigit() for c in label) <= 15:
            try: return float(label)
            except ValueError: pass
        return label

    def change(label):
        kind = random.randrange(6)
        if kind == 0: return unicodedata.normalize('NFD', label)
        if kind == 1: return unicodedata.normalize('NFC', label)
        if kind == 2: return label.upper()
        if kind == 3: return label.lower()
        if kind == 4: return label.replace(' ', random.choice(odd))
        at = random.randrange(len(label) + 1)
        return label[:at] + random.choice(odd) + label[at:]

    with open(os.path.join(here, 'labels.tsv'), 'w', encoding='utf-8') as file:
        for i in range(600):
            a = random.choice(random.choice([words, numbers]))
            b = random.choice([a, a, a, random.choice(words + numbers)])
            a, b = change(a), change(change(b))
            if a != b: print(json.dumps(a), json.dumps(b), int(key(a) == key(b)), sep='\t', file=file)


labels()


def cells():
    """cells.tsv: a cell as JSON, and the labels that ast.literal_eval (or json.loads) finds, sorted, or null."""
    import ast
    import numpy
    words = ['a', 'dog bark', "it's", 'say "x"', 'Cough, small', 'Zéro', '🎵', 'a\\b', 'x\ty', '\u00a0', ']', "['", '1', '-2.5',
             'line\nend', '\x07', '#', '(a)', '\u2028', 'é' * 5]

    def found(cell):
        value = None
        for read in (json.loads, ast.literal_eval):
            try: value = read(cell)
            except Exception: continue
            break
        if not isinstance(value, (list, tuple, set)): return None
        if any(isinstance(x, (list, tuple, set, dict)) or x is None or x is True or x is False for x in value): return None
        labels = {str(x).strip(' \t\r\n') for x in value} - {''}
        return sorted(labels, key=lambda x: x.encode())

    with open(os.path.join(here, 'cells.tsv'), 'w', encoding='utf-8') as file:
        def write(cell, labels): print(json.dumps(cell), json.dumps(labels), sep='\t', file=file)
        for i in range(300):
            row = [random.choice(words) for _ in range(random.randrange(5))]
            kind = random.randrange(7)
            cell = [repr(row), json.dumps(row), json.dumps(row, ensure_ascii=False), repr(tuple(row)), repr(set(row) or []),
                    ascii(row), repr([random.choice([3, 0.5, -7, 1e-5]) for _ in row])][kind]
            write(cell, found(cell))
            if random.randrange(3) == 0 and row:  # damaged
                cell = cell[:random.randrange(1, len(cell))]
                if found(cell) is None: write(cell, None)
        for i in range(60):  # numpy, whose quotes are Python's; without line breaks
            row = [w for w in random.sample(words, 3) if '\n' not in w]
            labels = sorted({w.strip(' \t\r\n') for w in row} - {''}, key=lambda x: x.encode())
            write(numpy.array2string(numpy.array(row), max_line_width=10**6), labels)
            write(repr(numpy.array(row)).replace('\n', ''), labels)
        for cell in ("{'a': 1}", "[['a'], ['b']]", "['a'] + ['b']", "['a'];['b']", "'a'", "a, b", "[noise]", "(a, b)", "", "[",
                     "[ 'a' , ]", "('a')", "[,]", "[None]", "['a', None]"):
            if cell not in ("('a')", "[None]", "['a', None]", "[,]"): write(cell, found(cell))


cells()
