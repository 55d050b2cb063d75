// SPDX-License-Identifier: Apache-2.0
//
// Whole functions as Go's compilers made them, at the addresses where they were linked. Behind the
// address stand those of morestack in the same binary.
#pragma once

#include "loader/site/site.h"

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace holter::site::samples {

inline constexpr Machine x86_64 = Machine::x86_64;
inline constexpr Machine arm64 = Machine::arm64;

inline std::vector<std::byte> from_hex(std::string_view digits) {
    const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
    std::vector<std::byte> bytes;
    for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
        bytes.push_back(static_cast<std::byte>(value(digits[i]) * 16 + value(digits[i + 1])));
    }
    return bytes;
}

struct Sample {
    Sample(Machine m, std::uint64_t a, std::vector<std::uint64_t> stack, std::string_view hex)
        : machine(m), address(a), morestack(std::move(stack)), bytes(from_hex(hex)) {}

    Machine machine;
    std::uint64_t address;
    std::vector<std::uint64_t> morestack;
    std::vector<std::byte> bytes;

    Code code() const { return {machine, address, bytes}; }
};

/// os.Hostname, Go 1.20.14
inline const Sample jbe_small{
    x86_64,
    0x4b44a0,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "493b6610761b4883ec0848892c24488d2c24e829000000488b2c244883c40890c3e85aedfaff"
    "ebd8"};

/// runtime.casgstatus.func1, Go 1.20.14
inline const Sample jbe_small_far{
    x86_64,
    0x439020,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "493b66100f867c0000004883ec2848896c2420488d6c24208b420c48894424188b4a0848894c"
    "2410e853ceffff488d051d152900bb1c000000e842d7ffff488b442410e898d5ffff488d052f"
    "9b2800bb08000000e827d7ffff488b4424186690e87bd5ffffe876d0ffffe891ceffff488d05"
    "9a262900bb1f0000000f1f440000e81bb3ffff90e8d5a00200e970ffffff"};

/// crypto/tls.marshalCertificate.func1.2.2, Go 1.20.14
inline const Sample jbe_medium{
    x86_64,
    0x5bd9e0,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "4c8d6424d84d3b66100f86860000004881eca80000004889ac24a0000000488dac24a0000000"
    "488d7c242048896c24f0488d6c24f0e8287feaff488b6d004c8d057b0000004c894424204c8b"
    "42084c89442428488d7210488d7c24300f1f400048896c24f0488d6c24f0e84f82eaff488b6d"
    "00bb0200000031c9488d7c242090e89bb5f6ff488bac24a00000004881c4a8000000c3488944"
    "2408e80157eaff488b442408e957ffffff"};

/// compress/flate.fixedHuffmanDecoderInit.func1, Go 1.20.14
inline const Sample jbe_large{
    x86_64,
    0x5d5b20,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "4c8da42458f7ffff4d3b66100f86c30000004881ec280900004889ac2420090000488dac2420"
    "090000488d7c2420b92001000031c0f348ab31c0eb0c48c744c4200800000048ffc0483d9000"
    "00007cecb890000000eb0c48c744c4200900000048ffc0483d000100007cecb800010000eb0e"
    "48c744c4200700000048ffc06690483d180100007ceab818010000eb1148c744c42008000000"
    "48ffc00f1f440000483d200100007ce7488d0531f62f00488d5c2420b9200100004889cf0f1f"
    "4000e85bd2ffff488bac24200900004881c428090000c3e826d6e8ffe921ffffff"};

/// runtime.getproccount, Go 1.20.14
inline const Sample jbe_huge{
    x86_64,
    0x430a40,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "4989e44981eca81f00000f82dd0000004d3b66100f86d30000004881ec282000004889ac2420"
    "200000488dac2420200000488d7c2420b90004000031c0f348ab48c704240000000048c74424"
    "0800200000488d54242048895424100f1f440000e83b670300450f57ff644c8b3425f8ffffff"
    "8b54241885d27c154863ca0f1f004881f900200000775931c031d2eb18b801000000488bac24"
    "202000004881c428200000c348ffc04839c87d070fb65c0420eb2885d2b9010000000f44d189"
    "d0488bac24202000004881c428200000c389de83e30101da40d0ee89f384db75f090ebc2ba00"
    "200000e8944b030090e8ee260300e909ffffff"};

/// internal/poll.runtime_pollServerInit, Go 1.22.12
inline const Sample push_small{x86_64,
                               0x466c00,
                               {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
                               "493b6610760b554889e5e8d1c8fcff5dc3e84a360000ebe8"};

/// runtime.casgstatus.func1, Go 1.22.12
inline const Sample push_small_far{
    x86_64,
    0x43ca80,
    {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
    "493b66100f867c000000554889e54883ec208b420c48894424188b4a0848894c2410e879ccff"
    "ff488d0516932900bb1c000000e8e8d4ffff488b4424100f1f00e85bd3ffff488d05db1c2900"
    "bb08000000e8cad4ffff488b4424180f1f440000e83bd3ffffe876ceffffe891ccffff488d05"
    "57a82900bb1f0000000f1f440000e8fbafffff90e8d5d60200e970ffffff"};

/// runtime.deferreturn, Go 1.22.12
inline const Sample push_medium{
    x86_64,
    0x436c20,
    {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
    "4c8d6424f84d3b66107667554889e54883c480440f117c2418488d7c2420488d7fe048896c24"
    "f0488d6c24f0e81a5a0300488b6d00c644247a01488d8c2490000000488d442418488b9c2488"
    "000000e82c060000eb08488b084889c2ffd1488d442418e89807000084db75ea4883ec805dc3"
    "e8c9350300eb87"};

/// runtime.preprintpanics.func1, Go 1.22.12
inline const Sample push_medium_far{
    x86_64,
    0x4648a0,
    {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
    "4c8d6424f04d3b66100f86ae000000554889e54881ec88000000488d842498000000e8f931fd"
    "ff4885c075094881c4880000005dc3817810b8cd7807753a488d153bcf20004839d0752e4c8b"
    "034c8b4b08488d442458488d1d34312700b920000000488d3d36922600be02000000e80dfdfe"
    "ffe8e831fdff488944247848899c2480000000488b442478e8d1d0ffffb920000000488d3dba"
    "9b2600be070000004989c04989d9488d442438488d1ddf302700e8c9fcfeffe8a431fdff900f"
    "1f00e8fb580000e936ffffff"};

/// compress/flate.fixedHuffmanDecoderInit.func1, Go 1.22.12
inline const Sample push_large{
    x86_64,
    0x5d8e60,
    {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
    "4c8da42458f7ffff4d3b66100f86bc000000554889e54881ec20090000488d7c2420b9200100"
    "0031c0f348ab31c0eb1048c744c4200800000048ffc00f1f4000483d900000007ce8b8900000"
    "00eb1148c744c4200900000048ffc00f1f440000483d000100007ce7b800010000eb1148c744"
    "c4200700000048ffc00f1f440000483d180100007ce7b818010000eb1148c744c42008000000"
    "48ffc00f1f440000483d200100007ce7488d05317f3200488d5c2420b9200100004889cf0f1f"
    "4000e8bbd0ffff4881c4200900005dc3e82d13e9ffe928ffffff"};

/// runtime.getproccount, Go 1.22.12
inline const Sample push_huge{
    x86_64,
    0x434780,
    {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
    "4989e44981eca81f00000f82b70000004d3b66100f86ad000000554889e54881ec2020000048"
    "8d7c2420b90004000031c0f348ab48c704240000000048c744240800200000488d5424204889"
    "542410e8ec960300450f57ff644c8b3425f8ffffff8b54241885d27c124863ca4881f9002000"
    "00774731c031d2eb11b8010000004881c4202000005dc348ffc04839c87d070fb65c0420eb1e"
    "85d2b9010000000f44d189d04881c4202000005dc389de83e60101f2d0eb84db75f3ebcdba00"
    "200000e87a7b030090e8145a0300e92fffffff"};

/// runtime.(*mheap).allocManual, Go 1.22.12
inline const Sample push_system_stack{
    x86_64,
    0x4298e0,
    {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
    "493b6618762b554889e54883ec1884c9740d31ffe8670300004883c4185dc3488d05c9682b00"
    "bb3c000000e8f0e1000090488944240848895c2410884c241890e87b4d0400488b442408488b"
    "5c24100fb64c2418ebaa"};

/// runtime.chanrecv1, Go 1.22.12
inline const Sample push_first{x86_64,
                               0x406de0,
                               {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
                               "554889e54883ec18b901000000e80e0000004883c4185dc3"};

/// runtime.gorecover, Go 1.20.14
inline const Sample gorecover{
    x86_64,
    0x434380,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "498b4e204885c9742180793200751b807930007515488b114839d0750dc6413001488b410848"
    "8b5910c331c031dbc3"};

/// runtime.throw, Go 1.20.14
inline const Sample stepped{
    x86_64,
    0x4343c0,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "4883ec2848896c2420488d6c2420488944243048c744240800000000440f117c2410488d0d57"
    "00000048894c2408488944241048895c2418488d44240848890424e8daec0200450f57ff644c"
    "8b3425f8ffffffb802000000e8e3020000488b6c24204883c428c3"};

/// net/netip.AddrFrom16, Go 1.20.14
inline const Sample nop_first{x86_64,
                              0x53d4c0,
                              {0x461e60, 0x463180, 0x463220, 0x467a00},
                              "90488b0da8503900488b442408480fc8488b5c2410480fcbc3"};

/// runtime.(*gcControllerState).memoryLimitHeapGoal, Go 1.20.14
inline const Sample entry_in_loop{
    x86_64,
    0x420840,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "488b8808010000488b9010010000488b981801000090488bb0200100004829da488d1c0a4839"
    "de72d790488b58084889f74829de4839fb41b8000000004c0f42c64829cf4829d74a8d0c0748"
    "39cb76334829cb4881fb000010007210488d8b0000f0ff4881f9000010007305b90000100048"
    "8b90800000004839d1480f42ca4889c8c3488b8080000000c3"};

/// runtime.call16.abi0, Go 1.20.14
inline const Sample abi0{
    x86_64,
    0x4635c0,
    {0x461e60, 0x463180, 0x463220, 0x467a00},
    "644c8b3425f8ffffff493b661076714883ec1848896c2410488d6c24104d8b66204d85e47564"
    "488b7424308b4c24384889e7f3a44c8b642448e802fdffff488b5424284c8b2241ffd44c8b64"
    "2448e82dfcffff8b4c24388b5c243c488b7c2430488b5424204889e64801df4801de4829d9e8"
    "6aecffff488b6c24104883c418c3e8dbfbffffe976ffffff4c8d6c24204d392c247591498924"
    "24eb8b"};

/// runtime.pidlegetSpinning, Go 1.22.12
inline const Sample tested_result{
    x86_64,
    0x448500,
    {0x468f00, 0x46a1e0, 0x46a260, 0x46e6a0},
    "493b6610762f554889e54883ec08e86dfeffff4885c074064883c4085dc390b901000000488d"
    "15d59b4b00870a31c04883c4085dc34889442408e8211d0200488b442408ebba"};

/// internal/poll.runtime_pollServerInit, Go 1.18.10
inline const Sample arm64_small_old{
    arm64,
    0x676d0,
    {0x68c40, 0x69c00, 0x69c80, 0x6db20},
    "900b40f9f10300913f0210eb09010054fe0f1ff8fd831ff8fd2300d1fd52ff97fd835ff8fe07"
    "41f8c0035fd6e3031eaa60090094f3ffff17"};

/// internal/poll.runtime_pollServerInit, Go 1.27.4
inline const Sample arm64_small{
    arm64,
    0x84570,
    {0x86d40, 0x88a00, 0x88a80, 0x8bf90},
    "900b40f9ff6330eb09010054fe0f1ff8fd831ff8fd2300d13e26ff97fd835ff8fe0741f8c003"
    "5fd6e3031eaa39110094f4ffff17"};

/// debugCall1024, Go 1.20.14
inline const Sample arm64_medium{
    arm64,
    0x6a200,
    {0x69820, 0x6a7b0, 0x6a830, 0x6e760},
    "900b40f9f1430ed13f0210ebc9010054f44310d19dfa3fa99f020091fd2300d1901340f97001"
    "00b5f4031faa000020d4f40340b2000020d4ff431091fd2300d1c0035fd6e3031eaa7a010094"
    "edffff17110240f9f46310919f0211eb61feff54f4230091140200f9f0ffff17"};

/// debugCall16384, Go 1.27.4
inline const Sample arm64_huge{
    arm64,
    0x88620,
    {0x86d40, 0x88a00, 0x88a80, 0x8bf90},
    "900b40f91bf287d2f1633beb230200543f0210ebe90100541b0288d2f4633bcb9dfa3fa99f02"
    "0091fd2300d1f4031faa000020d4f40340b2000020d41b0188d2fd633b8b1b0288d2ff633b8b"
    "c0035fd6e3031eaa03010094eaffff17"};

/// debugCall4096, Go 1.20.14
inline const Sample arm64_huge_old{
    arm64,
    0x6a2e0,
    {0x69820, 0x6a7b0, 0x6a830, 0x6e760},
    "900b40f9f1433ef1430200543f0210eb090200541b0282d2f4633bcb9dfa3fa99f020091fd23"
    "00d1901340f9900100b5f4031faa000020d4f40340b2000020d41b0282d2ff633b8bfd2300d1"
    "c0035fd6e3031eaa3f010094eaffff17110240f91b0382d2f4633b8b9f0211eb21feff54f423"
    "0091140200f9eeffff17"};

/// runtime.(*mheap).allocManual, Go 1.27.4
inline const Sample arm64_system_stack{
    arm64,
    0x439e0,
    {0x86d40, 0x88a00, 0x88a80, 0x8bf90},
    "900f40f9ff6330eb09020054fe0f1df8fd831ff8fd2300d1441c40d3c4000034e3031faacf00"
    "0094fd835ff8fe0743f8c0035fd6a00300b0009c2f91e10f7eb2900501941f2003d5e08700a9"
    "e2630039e3031eaa57210194e08740a9e2634039e8ffff17"};

/// runtime.chanrecv1, Go 1.27.4
inline const Sample arm64_nosplit{
    arm64,
    0x212f0,
    {0x86d40, 0x88a00, 0x88a80, 0x8bf90},
    "fe0f1df8fd831ff8fd2300d1e20340b204000094fd835ff8fe0743f8c0035fd6"};

/// runtime.(*PanicNilError).Error, Go 1.27.4
inline const Sample arm64_adrp_first{
    arm64, 0x507e0, {0x86d40, 0x88a00, 0x88a80, 0x8bf90}, "200300f000742c91a10580d2c0035fd6"};

/// runtime.pidlegetSpinning, Go 1.20.14
inline const Sample arm64_result{
    arm64,
    0x4fa30,
    {0x69820, 0x6a7b0, 0x6a830, 0x6e760},
    "900b40f9ff6330eb49020054fe0f1ef8fd831ff8fd2300d17affff97800000b4fdfb7fa9ff83"
    "0091c0035fd61f2003d5e20340b2c30700d06300009162fc9f88e0031faafdfb7fa9ff830091"
    "c0035fd6e00700f9e3031eaa6a6b0094e00740f9e8ffff17"};

} // namespace holter::site::samples
