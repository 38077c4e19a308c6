/*
 * test_sha256.c
 *		SHA-256, against the vectors of FIPS 180-4 and those of another program.
 */
#include "core/sha256.h"

#include "unit.h"

static const char *
hexadecimal(const void *data, size_t len)
{
	static char text[2 * SHA256_BYTES + 1];
	uint8_t digest[SHA256_BYTES];

	sha256(data, len, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", digest[i]);
	return text;
}

int
main(void)
{
	/* By hashlib of Python; byte i of the input is i * 7 + its length. */
	static const struct
	{
		size_t len;
		const char *digest;
	} others[] = {{0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
				  {1, "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"},
				  {3, "6ab0dba1f4f1dfbb37b4f9eeb092c09fca4900ad32bdcd147d8dde35d6c87c35"},
				  {55, "81afe5b788dc2ce138ff83d9b20164db75a94d75d2b2432eea4a0ef605088c72"},
				  {56, "2aba54f0ac632420a2b502431408866e40e1d5e430df4cd822642c78ab2eb9c1"},
				  {57, "903284efbf9100e8ba1614ec65eacacad125e03f857cae7acbf8b73b23e0fdfe"},
				  {63, "733d3d4ee79ee67145bf73da13588f6f235d37414fc64b14a2f00f1762792f5e"},
				  {64, "79322907b3e9d013d7dc2c2f256674dbf733045cde01df3539271c6f5605feb8"},
				  {65, "d85c007c6eb440f085afa2b84f6f2bce4658b240e9f62cb1364bf0485a57e720"},
				  {111, "b41ae5233b9ec35d8576a032034d2857b667a618c7038714d727d4dae3aa2525"},
				  {119, "6c87eedf096b345de205b702e5223b73b447a3207791ded3ea007ba15ed6736e"},
				  {120, "42500cf6a1e3936d6b9e0bcfe296d654b63255e525487d3634d0b15fde591c4d"},
				  {127, "68f6ff710276900c0ffbbc57426f67e00c2e01f0750c7edc25ac06b8ce7a8095"},
				  {128, "489d55fea9a73af36b6dd0be7b4117d8e5683386d39544e8a44c99a87f368707"},
				  {1000, "6b0df76627243d095b0c4400cb658b7e804dd03461cc03aee8fc8fe0bcada168"}};
	unsigned char input[1000];

	CHECK_STR(hexadecimal("abc", 3), 2 * SHA256_BYTES,
			  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
			  "a vector of the standard");
	CHECK_STR(hexadecimal("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56),
			  2 * SHA256_BYTES, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
			  "a vector of the standard");
	for (size_t n = 0; n < sizeof(others) / sizeof(others[0]); n++)
	{
		for (size_t i = 0; i < others[n].len; i++)
			input[i] = (unsigned char) (i * 7 + others[n].len);
		CHECK_STR(hexadecimal(input, others[n].len), 2 * SHA256_BYTES, others[n].digest,
				  "a length");
	}
	return unit_result("test_sha256");
}
