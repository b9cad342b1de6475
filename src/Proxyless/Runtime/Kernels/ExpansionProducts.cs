namespace Proxyless.Runtime.Kernels;

/// <summary>
/// The products of dz, the gradient of an expansion's normalized output where the activation lets it through, that the
/// gradients of the expansion need. They are added up while dz exists for a few rows of an image only.
/// </summary>
/// <param name="expansion">The expansion.</param>
/// <param name="x">[pixels, inputs]: its input.</param>
/// <param name="sums">
/// [inputs, channels]: the sum of (x - <see cref="FoldedExpansion.Center"/>) dz^T over the pixels is added to it; null
/// if it is not wanted.
/// </param>
/// <param name="ofInput">[pixels, inputs]: receives W^T (scale dz); null if it is not wanted.</param>
internal sealed unsafe class ExpansionProducts(FoldedExpansion expansion, float* x, double[]? sums, float* ofInput)
{
    // Terms of a sum between two visits of its tile.
    private const int Terms = 512;

    private readonly float* _x = x;
    private readonly float* _ofInput = ofInput;

    /// <summary>The expansion's activated output, from its input.</summary>
    public ExpandedSource Source => expansion.Source(_x);

    /// <summary>The identity with the expansion's activation: what is inside it is let through.</summary>
    public ChannelNorm Mask { get; } = ChannelNorm.Identity(expansion.Channels, expansion.Low, expansion.High);

    /// <summary>What one thread adds up.</summary>
    /// <param name="widest">The widest vectors.</param>
    public Part OfThread(int widest) => new(expansion, _x, sums is not null, _ofInput, widest);

    /// <summary>Adds the products of the threads in the threads' order, and releases them.</summary>
    /// <param name="parts">Null where a thread had no work.</param>
    public void Add(IEnumerable<Part?> parts)
    {
        foreach (Part part in parts.OfType<Part>())
        {
            using (part)
            {
                part.AddTo(sums);
            }
        }
    }

    /// <summary>The products of one thread.</summary>
    internal sealed class Part : IDisposable
    {
        private readonly FoldedExpansion _expansion;
        private readonly float* _x;
        private readonly float* _ofInput;
        private readonly int _widest;
        private readonly AlignedBuffer _gradient = new();
        private readonly AlignedBuffer _centered = new();
        private readonly AlignedBuffer? _sums;
        private (long First, int Count) _centeredPixels = (-1, 0);
        private int _pixels;

        public Part(FoldedExpansion expansion, float* x, bool addsUp, float* ofInput, int widest)
        {
            _expansion = expansion;
            _x = x;
            _ofInput = ofInput;
            _widest = widest;
            if (addsUp)
            {
                _sums = new AlignedBuffer((long)expansion.Inputs * expansion.Channels);
                Sums.Clear();
            }
        }

        /// <summary>[pixels, <see cref="Channels"/>]: dz is written here.</summary>
        public float* Gradient => _gradient.Data;

        /// <summary>Channels of <see cref="Gradient"/>.</summary>
        public int Channels { get; private set; }

        private Span<float> Sums => new(_sums!.Data, _expansion.Inputs * _expansion.Channels);

        /// <summary>Prepares memory for dz.</summary>
        /// <param name="pixels">Number of pixels.</param>
        /// <param name="channels">Number of channels.</param>
        public void Begin(int pixels, int channels)
        {
            (_pixels, Channels) = (pixels, channels);
            _gradient.Require((long)pixels * channels);
        }

        /// <summary>Adds the products of dz.</summary>
        /// <param name="pixel">The first pixel.</param>
        /// <param name="channel">The first channel.</param>
        public void End<TVector, TLanes>(long pixel, int channel)
            where TVector : unmanaged
            where TLanes : ILanes<TVector>
        {
            if (_sums is not null)
            {
                Center(pixel);
                ProductKernel<AddedSum> outer = ProductKernel<AddedSum>.OfTransposed(
                    _centered.Data,
                    Gradient,
                    _pixels,
                    _expansion.Inputs,
                    Channels,
                    _sums.Data + channel
                ) with
                {
                    ResultRow = _expansion.Channels,
                    TermsAtOnce = Terms,
                };
                outer.Run<TVector, TLanes>(0, Channels);
            }

            if (_ofInput is null)
            {
                return;
            }

            // Of each pixel the blocks of channels come in order (ChannelWidths): the first ones find nothing there.
            if (channel == 0)
            {
                ProductKernel<StoredSum> back = Back<StoredSum>(pixel, channel);
                ChannelWidths.Run(_expansion.Inputs, _widest, ref back);
            }
            else
            {
                ProductKernel<AddedSum> back = Back<AddedSum>(pixel, channel);
                ChannelWidths.Run(_expansion.Inputs, _widest, ref back);
            }
        }

        /// <summary>Adds the sums of this thread.</summary>
        public void AddTo(double[]? sums)
        {
            if (sums is null)
            {
                return;
            }

            Span<float> own = Sums;
            for (int i = 0; i < own.Length; i++)
            {
                sums[i] += own[i];
            }
        }

        /// <inheritdoc/>
        public void Dispose()
        {
            _gradient.Dispose();
            _centered.Dispose();
            _sums?.Dispose();
        }

        private ProductKernel<TEpilogue> Back<TEpilogue>(long pixel, int channel)
            where TEpilogue : struct, IEpilogue =>
            ProductKernel<TEpilogue>.Of(
                Gradient,
                _expansion.BackwardWeights + ((long)channel * _expansion.Inputs),
                _pixels,
                Channels,
                _expansion.Inputs,
                _ofInput + (pixel * _expansion.Inputs)
            );

        // Once for all blocks of channels.
        private void Center(long pixel)
        {
            if ((pixel, _pixels) == _centeredPixels)
            {
                return;
            }

            _centeredPixels = (pixel, _pixels);
            _centered.Require((long)_pixels * _expansion.Inputs);
            InputMoments.Center(_x + (pixel * _expansion.Inputs), _pixels, _expansion.Center, _centered.Data);
        }
    }
}
