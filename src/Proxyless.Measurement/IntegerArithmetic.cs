using System.Runtime.Intrinsics.X86;

namespace Proxyless.Measurement;

/// <summary>What a processor does with products of 8-bit integers.</summary>
internal static class IntegerArithmetic
{
    // CPUID, leaf 7: AVX512_VNNI is bit 11 of ECX at subleaf 0, AVX-VNNI bit 4 of EAX at subleaf 1 (Intel's Software
    // Developer's Manual, volume 2A).
    private const int Leaf = 7;
    private const int Avx512Vnni = 1 << 11;
    private const int AvxVnni = 1 << 4;

    /// <summary>
    /// Whether the sum of two products of integers without and with sign is held in 16 bits, where it saturates: so on
    /// x86 processors without VNNI, which ONNX Runtime multiplies on with VPMADDUBSW.
    /// </summary>
    public static bool Saturates { get; } = X86Base.IsSupported && !HasVnni();

    private static bool HasVnni()
    {
        (int highest, _, _, _) = X86Base.CpuId(0, 0);
        if (highest < Leaf)
        {
            return false;
        }

        (int subleaves, _, int ecx, _) = X86Base.CpuId(Leaf, 0);
        return (ecx & Avx512Vnni) != 0 || (subleaves >= 1 && (X86Base.CpuId(Leaf, 1).Eax & AvxVnni) != 0);
    }
}
