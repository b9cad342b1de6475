using Proxyless.Architectures;
using Xunit;

namespace Proxyless.Tests.Architectures;

public sealed class StepWorkTests
{
    [Fact]
    public void A_step_is_counted_as_by_hand()
    {
        // 8x8 images; a stem of 4; 4 to 12 channels, 12 by a 3x3 with stride 2 to 4x4, to 6; a zero block; a head of 10
        // for 2 classes.
        Block[] blocks =
        [
            new(CandidateOperation.Parse("mb3e3"), 4, 6, 2, 8),
            new(CandidateOperation.Parse("zero"), 6, 6, 1, 4),
        ];
        var network = new Architecture(
            "by hand",
            new Stem(3, 4, 1, 8),
            blocks,
            new Head(6, 10, 2, 4),
            Activation.Relu6,
            new Dictionary<string, string>()
        );
        const double MultiplyAdds = (64 * 4 * 27) + (64 * 48) + (16 * 12 * 9) + (16 * 72) + (16 * 60) + 20;
        const double Outputs = (64 * 4) + (64 * 12) + (16 * 12) + (16 * 6) + (16 * 10);
        const double Parameters = (4 * 27) + 8 + 48 + 24 + 108 + 24 + 72 + 12 + 60 + 20 + 20 + 2;

        StepWork work = StepWork.Of(network, batch: 5);

        Assert.Equal(5 * ((3 * MultiplyAdds) - (64 * 4 * 27)), work.MultiplyAdds);
        Assert.Equal(4 * ((6 * 5 * Outputs) + (8 * Parameters)), work.Bytes);
    }
}
