"""The state of a machine-readable zone and the country of a certificate: three letters and two.

1. ISO 3166-1, and the codes that ICAO Doc 9303-3 §5 adds: Germany's one letter, British
   nationalities, Kosovo, the European Union, the United Nations and other organisations, persons
   without a nationality, and Utopia, of which every specimen is a citizen.
2. A zone's code may stand for more than one country in certificates (``_ALSO``), and a country may
   be written in more than one way there (``_ALIASES``).
"""

from __future__ import annotations

# Three letters as in the zone, then two as in certificates.
_ISO_3166 = """
ABWAW AFGAF AGOAO AIAAI ALAAX ALBAL ANDAD AREAE ARGAR ARMAM ASMAS ATAAQ ATFTF ATGAG AUSAU
AUTAT AZEAZ BDIBI BELBE BENBJ BESBQ BFABF BGDBD BGRBG BHRBH BHSBS BIHBA BLMBL BLRBY BLZBZ
BMUBM BOLBO BRABR BRBBB BRNBN BTNBT BVTBV BWABW CAFCF CANCA CCKCC CHECH CHLCL CHNCN CIVCI
CMRCM CODCD COGCG COKCK COLCO COMKM CPVCV CRICR CUBCU CUWCW CXRCX CYMKY CYPCY CZECZ DEUDE
DJIDJ DMADM DNKDK DOMDO DZADZ ECUEC EGYEG ERIER ESHEH ESPES ESTEE ETHET FINFI FJIFJ FLKFK
FRAFR FROFO FSMFM GABGA GBRGB GEOGE GGYGG GHAGH GIBGI GINGN GLPGP GMBGM GNBGW GNQGQ GRCGR
GRDGD GRLGL GTMGT GUFGF GUMGU GUYGY HKGHK HMDHM HNDHN HRVHR HTIHT HUNHU IDNID IMNIM INDIN
IOTIO IRLIE IRNIR IRQIQ ISLIS ISRIL ITAIT JAMJM JEYJE JORJO JPNJP KAZKZ KENKE KGZKG KHMKH
KIRKI KNAKN KORKR KWTKW LAOLA LBNLB LBRLR LBYLY LCALC LIELI LKALK LSOLS LTULT LUXLU LVALV
MACMO MAFMF MARMA MCOMC MDAMD MDGMG MDVMV MEXMX MHLMH MKDMK MLIML MLTMT MMRMM MNEME MNGMN
MNPMP MOZMZ MRTMR MSRMS MTQMQ MUSMU MWIMW MYSMY MYTYT NAMNA NCLNC NERNE NFKNF NGANG NICNI
NIUNU NLDNL NORNO NPLNP NRUNR NZLNZ OMNOM PAKPK PANPA PCNPN PERPE PHLPH PLWPW PNGPG POLPL
PRIPR PRKKP PRTPT PRYPY PSEPS PYFPF QATQA REURE ROURO RUSRU RWARW SAUSA SDNSD SENSN SGPSG
SGSGS SHNSH SJMSJ SLBSB SLESL SLVSV SMRSM SOMSO SPMPM SRBRS SSDSS STPST SURSR SVKSK SVNSI
SWESE SWZSZ SXMSX SYCSC SYRSY TCATC TCDTD TGOTG THATH TJKTJ TKLTK TKMTM TLSTL TONTO TTOTT
TUNTN TURTR TUVTV TWNTW TZATZ UGAUG UKRUA UMIUM URYUY USAUS UZBUZ VATVA VCTVC VENVE VGBVG
VIRVI VNMVN VUTVU WLFWF WSMWS YEMYE ZAFZA ZMBZM ZWEZW
"""
_ICAO = "D__DE GBDGB GBNGB GBOGB GBPGB GBSGB RKSKS XKXKS EUEEU UNOUN UNAUN UNKUN UTOUT"
# Organisations that issue documents, for which Doc 9303-3 §5 part D assigns no two letters that we
# could hold against a certificate: their country is undetermined.
_ORGANISATIONS = frozenset(
    ("XBA", "XIM", "XCC", "XCE", "XCO", "XEC", "XPO", "XES", "XMP", "XOM", "XDC")
)
# Who has no nationality (§5 part E): stands as nationality, never as issuing state.
_PERSONS = frozenset(("XXA", "XXB", "XXC", "XXX"))
_ALIASES = {"XK": "KS", "RKS": "KS", "UK": "GB", "UNO": "UN", "EUE": "EU", "UTO": "UT"}
# The special administrative regions print CHN; their authorities have been of CN, HK and MO.
_ALSO = {"CHN": ("HK", "MO"), "HKG": ("CN",), "MAC": ("CN",)}

_COUNTRIES = {code[:3].rstrip("_"): code[3:] for code in (_ISO_3166 + _ICAO).split()}


def country_of(state: str) -> str | None:
    """Return the two letters for a zone's issuing state, None where nobody assigned it."""
    return _COUNTRIES.get(state)


def countries_of(state: str) -> tuple[str, ...]:
    """Return every country that may stand in a certificate for a zone's issuing state."""
    first = country_of(state)
    return (first, *_ALSO.get(state, ())) if first else ()


def is_issuer(state: str) -> bool:
    """Whether ``state`` (``D``, ``FRA``) is a code that may issue documents (Doc 9303-3 §5)."""
    return state in _COUNTRIES or state in _ORGANISATIONS


def is_nationality(state: str) -> bool:
    """Whether ``state`` is a code that may stand as a nationality."""
    return is_issuer(state) or state in _PERSONS


def same(one: str, other: str) -> bool:
    """Whether two certificates' countries are one; states write theirs in either case."""
    return _plain(one) == _plain(other)


def _plain(country: str) -> str:
    """Return the two letters that ``country`` means, be it written with two or with three."""
    upper = country.strip().upper()
    return _ALIASES.get(upper, upper)
