"""Characters that readers take for ASCII ones, or do not see at all.

Source: what is commonly used of the Unicode Consortium's confusables (UTS #39, "Unicode Security Mechanisms",
confusables.txt) and of the property Default_Ignorable_Code_Point (UAX #44). Characters that NFKC or their decimal value
makes ASCII are not listed: full-width, mathematical and circled ones, and the digits of all scripts.
"""

from __future__ import annotations

from itertools import chain
from typing import Final

# Each character is followed by what it looks like.
_PAIRS: Final = (
    # Cyrillic
    "АAаaВBвbЕEеeЅSѕsІIіiЇIїiЈJјjКKкkМMмmНHнhОOоoРPрpСCсcТTтtУYуyХXхxЗ3з3б6Һhһh"
    "ԀdԁdҮYүyӀIӏlԌGԍgԚQԛqԜWԝwѴVѵvԌGЬbьbӨOөoҪCҫcҺhӠ3ӡ3ЁEёe"
    # Greek
    "ΑAαaΒBβbϐbΕEεeϵeΖZΗHηnΙIιiΚKκkϰkΜMΝNνvΟOοoΡPρpϱpΤTτtΥYυuϒYΧXχxγyϲcϹCϳjͿJω"
    "wϝFσo"
    # Armenian, Georgian
    "ՕOօoՍUսuոnհhցgզqԼLլlՏSտmԱUքfյjკkჿoნb"
    # Cherokee
    "ᎠDᎡRᎢTᎥiᎪAᎫJᎬEᎳWᎷMᎻHᎽYᏀGᏃZᏎ4ᏚSᏙVᏞLᏟCᏢPᏦKᏴBᏂhᏏbᏒRᏔW"
    # Lisu
    "ꓐBꓑPꓓDꓔTꓖGꓗKꓙJꓚCꓜZꓝFꓟMꓠNꓡLꓢSꓣRꓦVꓧHꓪWꓫXꓬYꓮAꓰEꓲIꓳOꓴU"
    # Latin letters of other alphabets, and small capitals
    "ıiɑaɡgɩiɪiʟlɴnʀrᴀaʙbᴄcᴅdᴇeꜰfɢgʜhᴊjᴋkᴍmᴏoᴘpǫqꜱsᴛtᴜuᴠvᴡwʏyᴢzƨ2Ƨ2Ɛ3ɛeƽ5Ƽ5ȣ8Ȣ8ʋuɯwɾrʃfɭlꞵbɵoⲟoⲞOⲤCⲥcⲢPⲣpᑭPᗪDᗅAᗷBᑕCᒪLᎶG"
    # punctuation
    "‐-‑-‒-–-—-―-−-﹘-⁃-᠆-ー-⁄/∕/․.。.｡.٫.·.∙.‧.∶:ː:˸:։:‘'’'ʼ'′'“\"”\"＿_ߺ_∼~⁎*∗*‚,"
)

_INVISIBLE: Final = (
    (0xAD, 0xAD),  # soft hyphen
    (0x34F, 0x34F),  # combining grapheme joiner
    (0x61C, 0x61C),  # Arabic letter mark
    (0x115F, 0x1160),  # Hangul fillers
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x200B, 0x200F),  # zero-width space and joiners, directional marks
    (0x202A, 0x202E),  # directional embeddings
    (0x2060, 0x206F),  # word joiner, invisible operators
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFEFF, 0xFEFF),  # byte order mark
    (0xFFA0, 0xFFA0),
    (0xFFF0, 0xFFF8),
    (0x1BCA0, 0x1BCA3),
    (0x1D173, 0x1D17A),
    (0xE0000, 0xE0FFF),  # tags, variation selectors
)

_LISTED: Final = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))
# A small letter that is not listed is seen as its capital is, or else a search without case would tell them apart.
LOOKALIKES: Final = {char.lower(): other.lower() for char, other in _LISTED.items()} | _LISTED
INVISIBLE: Final = frozenset(map(chr, chain.from_iterable(range(first, last + 1) for first, last in _INVISIBLE)))
