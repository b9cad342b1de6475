using System.Runtime.Intrinsics;

namespace Proxyless.Runtime.Kernels;

/// <summary>Work on a range of channels with vectors of one width.</summary>
internal interface IChannelKernel
{
    /// <summary>Does the work.</summary>
    /// <param name="from">The first channel.</param>
    /// <param name="to">The channel after the last; a multiple of the width away from the first.</param>
    void Run<TVector, TLanes>(int from, int to)
        where TVector : unmanaged
        where TLanes : ILanes<TVector>;
}

/// <summary>Divides channels into as many wide vectors as possible, then narrower ones, then single channels.</summary>
internal static class ChannelWidths
{
    /// <summary>The widest vector that this processor computes at once: 16, 8, 4 or 1 numbers.</summary>
    public static int Widest =>
        Vector512.IsHardwareAccelerated ? 16
        : Vector256.IsHardwareAccelerated ? 8
        : Vector128.IsHardwareAccelerated ? 4
        : 1;

    /// <summary>Runs a kernel over all channels, in their order, once for each width.</summary>
    /// <param name="channels">Number of channels.</param>
    /// <param name="widest">The widest vectors to use, <see cref="Widest"/> except in tests.</param>
    /// <param name="kernel">The kernel.</param>
    public static void Run<TKernel>(int channels, int widest, ref TKernel kernel)
        where TKernel : struct, IChannelKernel
    {
        int wide = widest >= 16 ? channels / 16 * 16 : 0;
        int middle = widest >= 8 ? wide + ((channels - wide) / 8 * 8) : wide;
        int narrow = widest >= 4 ? middle + ((channels - middle) / 4 * 4) : middle;
        if (wide > 0)
        {
            kernel.Run<Vector512<float>, Lanes16>(0, wide);
        }

        if (middle > wide)
        {
            kernel.Run<Vector256<float>, Lanes8>(wide, middle);
        }

        if (narrow > middle)
        {
            kernel.Run<Vector128<float>, Lanes4>(middle, narrow);
        }

        if (channels > narrow)
        {
            kernel.Run<float, Lanes1>(narrow, channels);
        }
    }
}
