"""The words that names are made of, and those that the train split never uses."""

from __future__ import annotations

from typing import NamedTuple


class Pool(NamedTuple):
    """Words for one role: `known` in every split, `held_out` in dev and test only."""

    known: tuple[str, ...]
    held_out: tuple[str, ...] = ()


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


# Many of these are also towns, months or plain words: Paris, Austin, June, Mark, Grace.
GIVEN = Pool(
    _words(
        """
        Anna Peter Maria Thomas Elena David Sofia Martin Laura Daniel Nina Robert Julia Simon Clara
        Andrew Helen Oscar Irene Victor Alice Hugo Marta Felix Ines Paul Karin Leo Ruth Stefan Amina
        Omar Leila Yusuf Fatima Kenji Yuki Mei Arjun Priya Ravi Chen Ingrid Lars Pablo Lucia Diego
        Carmen Tomas Ewa Pavel Olga Ivan Katya Nadia Samuel Esther Noah Emma Liam Zoe Max
        Paris Chelsea Jordan Austin Sydney Florence Georgia Charlotte Victoria Madison Savannah Chad
        India Carolina Lincoln Dallas Kent April May June August Will Mark Grace Hope Rose Dawn Bill
        Frank Jack Art Pat Joy Ivy Summer Rich Faith
        """
    ),
    _words(
        """
        Agnes Bruno Celeste Dmitri Edith Farid Greta Hassan Imogen Jorge Kofi Ludmila Magnus Nkechi
        Otto Petra Quentin Rosalind Sanjay Tariq Ursula Wanda Xavier Yasmin Zoltan Alma Boris Delphine
        Brooklyn Adelaide Florian Verona Rusty Buddy
        """
    ),
)

# Many of these are also towns, firms or plain words: Washington, Ford, Banks, May.
FAMILY = Pool(
    _words(
        """
        Smith Keller Rossi Moreau Novak Schmidt Jensen Garcia Silva Costa Weber Larsen Dubois Kowalski
        Petrov Ivanova Tanaka Suzuki Wang Zhang Patel Singh Kumar Hassani Haddad Nasser Okafor Mensah
        Diallo Mbeki Murphy Walsh Evans Campbell Stewart Fraser Nguyen Tran Kim Park Santos Pereira
        Lopez Ramirez Castillo Bergman Lindqvist Virtanen Horvat Popescu Papadakis Yilmaz Cohen Levi
        Fischer Brandt Hoffmann Marchetti Bianchi Fontaine Laurent Duarte Almeida Whitfield Thornton
        Washington Jordan London Lincoln Jackson Houston Hamilton Wellington York Lancaster Bristol
        Chester Burton Preston Ford Morgan Dyson Ferrari Bosch Porsche Barclay Harrod Hershey Carrier
        Brown Black White Rice Price Banks Marsh Wood Hill May Winter West Day Cook Bishop King Page
        Stone Young Bush Rivers Fields Baker Mason Fisher Gold Best Love
        """
    ),
    _words(
        """
        Abernathy Bakshi Cavendish Drummond Eriksen Fairbanks Galanis Hakimi Ishikawa Jovanovic
        Kuznetsov Lindgren Montague Nakamura Oyelaran Pemberton Quigley Rasmussen Sokolov Thackeray
        Umarov Valenti Westergaard Yamamoto Zielinski Adeyemi Bellucci Chowdhury Dragomir Esposito
        Camden Stafford Warwick Denver Wells Frost Sharp Chambers Piper Fox
        """
    ),
)

# Many of these are also given or family names, clubs, or plain words: Chelsea, Reading, Nice, Bath.
TOWN = Pool(
    _words(
        """
        London Paris Berlin Madrid Lisbon Vienna Prague Warsaw Budapest Athens Dublin Oslo Helsinki
        Stockholm Copenhagen Brussels Geneva Zurich Milan Naples Turin Venice Hamburg Munich Cologne
        Lyon Marseille Bordeaux Seville Valencia Porto Glasgow Leeds Manchester Liverpool Cairo
        Nairobi Lagos Accra Dakar Tunis Beirut Amman Baghdad Tehran Delhi Mumbai Karachi Dhaka Bangkok
        Hanoi Jakarta Manila Seoul Tokyo Osaka Beijing Shanghai Lima Quito Bogota Santiago Montevideo
        Toronto Montreal Boston Chicago Seattle Denton Portland Phoenix
        Washington Chelsea Lincoln Austin Sydney Florence Charlotte Victoria Madison Savannah Houston
        Dallas Hamilton Wellington York Lancaster Bristol Chester Preston Jackson Reading Nice Bath
        Split Mobile Buffalo Orange Cork Nancy Essen
        """
    ),
    _words(
        """
        Antwerp Bratislava Cracow Dortmund Edinburgh Freiburg Gdansk Haifa Izmir Jeddah Kampala Leipzig
        Malaga Nagoya Odense Palermo Quebec Rotterdam Sarajevo Tbilisi Utrecht Valparaiso Windhoek
        Yerevan Zagreb Adelaide Verona Brooklyn Camden Stafford Warwick Denver Wells Hull Sandwich
        """
    ),
)

COUNTRY = Pool(
    _lines(
        """
        France
        Germany
        Italy
        Spain
        Portugal
        Poland
        Norway
        Sweden
        Finland
        Greece
        Turkey
        Egypt
        Jordan
        Chad
        Israel
        Lebanon
        Iraq
        India
        China
        Japan
        Vietnam
        Indonesia
        Kenya
        Nigeria
        Ghana
        Morocco
        Brazil
        Chile
        Peru
        Argentina
        Mexico
        Canada
        Georgia
        Cuba
        Ireland
        Austria
        Mali
        South Africa
        New Zealand
        the United States
        the Netherlands
        Saudi Arabia
        """
    ),
    _lines(
        """
        Albania
        Bolivia
        Cameroon
        Denmark
        Estonia
        Guatemala
        Hungary
        Iceland
        Jamaica
        Kazakhstan
        Latvia
        Mongolia
        Namibia
        Oman
        Paraguay
        Sri Lanka
        Ecuador
        Uruguay
        """
    ),
)

REGION = Pool(
    _lines(
        """
        Andalusia
        Bavaria
        Tuscany
        Normandy
        Scotland
        Wales
        California
        Texas
        Virginia
        Carolina
        Dakota
        Siberia
        Punjab
        Kashmir
        Catalonia
        Sicily
        Cornwall
        Provence
        Patagonia
        Lapland
        """
    ),
    _lines(
        """
        Brittany
        Silesia
        Montana
        Kerala
        Umbria
        Saxony
        Gujarat
        Alberta
        """
    ),
)

RIVER = Pool(
    _words("Amazon Danube Rhine Nile Volga Ganges Thames Mississippi Seine Tigris"),
    _words("Zambezi Mekong Orinoco Elbe"),
)

# Mountains, deserts and seas
RANGE = Pool(
    _words("Alps Andes Himalayas Sahara Baltic Pyrenees Urals Gobi"),
    _words("Carpathians Adriatic"),
)

# Plain words that are firms when capital letters or the context say so.
WORD_FIRM = Pool(
    _words(
        "Apple Amazon Orange Shell Target Gap Visa Sky Virgin Oracle Delta Crown Summit Mercury Eagle Subway"
    ),
    _words("Sprint Beacon Anchor Compass Mustang Boots"),
)

ACRONYM = Pool(
    _words("NATO UNESCO WHO UN EU NASA IMF OPEC FIFA UEFA BBC CNN IBM BMW UBS HSBC AT&T ESA IAEA FBI"),
    _words("ASEAN OECD CERN ECB NHS KLM H&M BASF ABB SNCF"),
)

NATIONALITY = Pool(
    _words(
        """
        French German Italian Spanish Portuguese Polish Norwegian Swedish Finnish Greek Turkish Egyptian
        Jordanian Israeli Lebanese Iraqi Indian Chinese Japanese Vietnamese Kenyan Nigerian Moroccan
        Brazilian Chilean Peruvian Mexican Canadian British American Dutch Irish Austrian Russian
        """
    ),
    _words("Albanian Bolivian Danish Estonian Hungarian Icelandic Latvian Mongolian Belgian Swiss Czech"),
)

# Words after a person's or a town's name that make it a firm's.
FIRM_SUFFIX = Pool(
    _words(
        "Group Holdings Motors Industries Partners Foods Energy Capital Airlines Systems Chemicals "
        "Media Steel"
    ),
    _words("Logistics Pharma Ventures"),
)

CLUB_SUFFIX = Pool(
    _words("United City Rovers Athletic Wanderers Hawks Tigers Bears Kings Stars Lions Rangers"),
    _words("Albion Falcons Comets"),
)

TITLE_ADJECTIVE = Pool(
    _words("Silent Golden Broken Last Distant Burning Hidden Crooked Quiet Endless Paper Winter Blue Empty"),
    _words("Velvet Hollow Crimson"),
)

TITLE_NOUN = Pool(
    _words(
        "River Garden Mirror Promise Orchard Harbour Letter Summer Bridge Shadow Kingdom "
        "Journey House Daughter"
    ),
    _words("Lantern Cathedral Apprentice"),
)

_POOLS = (
    *(GIVEN, FAMILY, TOWN, COUNTRY, REGION, RIVER, RANGE, WORD_FIRM, ACRONYM, NATIONALITY),
    *(FIRM_SUFFIX, CLUB_SUFFIX, TITLE_ADJECTIVE, TITLE_NOUN),
)

# Every word, in small letters, of the names that train never sees.
HELD_OUT_WORDS = frozenset(word.lower() for pool in _POOLS for name in pool.held_out for word in name.split())

# Names that are in no list are composed of these.
SYLLABLES_FIRST = _words(
    "Al Bar Cor Dal El Far Gar Hal Ist Jor Kar Lan Mar Nor Ol Pel Quin Ros Sal Tor Ul Var Wes Yor Zan "
    "Bre Cli Dro Fle Gri"
)
SYLLABLES_MIDDLE = _words("a an ar e el en i il in o ol on u ur ra le mi to va")
FAMILY_ENDINGS = _words("son sen ov ova ez elli ini escu wicz ström mann berg ford ton ley man er is ko")
TOWN_ENDINGS = _words("ton ford burg ville grad stad by ham bridge port mouth field ia o a is dorf haven")
FIRM_ENDINGS = _words("tec ex ix ia or ion is on o ax tra com soft gen ra um a ley ton")
PRODUCT_ENDINGS = _words("o a ix one us pad Pro ic ette er on ium")
